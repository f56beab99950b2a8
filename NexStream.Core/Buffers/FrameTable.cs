using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>
/// The regions of an endpoint by number (0 is its own arena), and who holds how many of their frames. A frame counts with its whole
/// size against the connection that holds it, however little of it is payload.
/// </summary>
internal sealed class FrameTable
{
    /// <summary>The owner of frames that no connection is charged for.</summary>
    public const int Nobody = -1;

    private const int RegionsMax = 1 << (32 - PayloadSlice.IndexBits);

    private const uint IndexMask = (1u << PayloadSlice.IndexBits) - 1;

    private readonly FrameRegion?[] _regions = new FrameRegion?[RegionsMax];
    private readonly FrameRecord[]?[] _records = new FrameRecord[]?[RegionsMax];
    private readonly int[] _held;

    // The arena's own: a frame of region 0 is its index.
    private readonly FrameRecord[] _own;

    public FrameTable(FrameArena arena, int owners)
    {
        Arena = arena;
        _own = arena.Records;
        _held = new int[owners];
        Register(arena);
    }

    public FrameArena Arena { get; }

    public int FrameSize => Arena.FrameSize;

    public void Register(FrameRegion region)
    {
        if (region.Number >= 0)
        {
            throw new InvalidOperationException($"The region is registered already, as number {region.Number}; register each region with one endpoint, once.");
        }

        for (int number = 0; number < RegionsMax; number++)
        {
            if (_regions[number] is null)
            {
                _regions[number] = region;
                _records[number] = region.Records;
                region.Number = number;
                return;
            }
        }

        throw new InvalidOperationException($"All {RegionsMax} region numbers of the endpoint are in use; unregister the regions of links that ended.");
    }

    /// <summary>Forgets a region that nothing references any more.</summary>
    public bool TryUnregister(FrameRegion region)
    {
        foreach (ref readonly FrameRecord record in region.Records.AsSpan())
        {
            if (record.References != 0)
            {
                return false;
            }
        }

        _regions[region.Number] = null;
        _records[region.Number] = null;
        region.Number = -1;
        return true;
    }

    public bool Contains(in PayloadSlice slice) => TryFind(slice, out _);

    /// <summary>The region that a slice lies in. False: it lies outside of every registered frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(in PayloadSlice slice, [NotNullWhen(true)] out FrameRegion? region)
    {
        region = _regions[slice.Region];
        return region is not null && region.Contains(slice);
    }

    /// <summary>The region of a frame that is referenced.</summary>
    public FrameRegion RegionOf(uint frame) => _regions[frame >> PayloadSlice.IndexBits]!;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Bytes(scoped in PayloadSlice slice) => _regions[slice.Region]!.Bytes(slice.Index, slice.Offset, slice.Length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int HeldBy(int owner) => _held[owner];

    /// <summary>Adds the frames of peers that each connection is charged for, for an audit.</summary>
    public void CountPeerFrames(Span<int> held)
    {
        for (int number = 1; number < RegionsMax; number++)
        {
            foreach (ref readonly FrameRecord record in _records[number].AsSpan())
            {
                if (record.References > 0 && record.Owner != Nobody)
                {
                    held[record.Owner]++;
                }
            }
        }
    }

    /// <summary>A link handed over a slice, and with a peer's frame one reference to it. False: it lies outside of every registered frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(in PayloadSlice slice)
    {
        if (_regions[slice.Region] is not { } region || !region.Contains(slice))
        {
            return false;
        }

        if (!ReferenceEquals(region, Arena))
        {
            TakeReference(region, ref region.Records[slice.Index]);
        }

        return true;
    }

    /// <summary>
    /// Whether a connection could keep each of these slices, which a link handed over, with the reference that came with it: all lie in registered
    /// frames whose owner does not run short of them, and the connection's share suffices.
    /// </summary>
    /// <param name="slices">The slices.</param>
    /// <param name="memory">The connection's share.</param>
    /// <param name="lengthMin">A shorter one is better copied.</param>
    /// <param name="length">Bytes of all.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool CanAdopt(ReadOnlySpan<PayloadSlice> slices, MemoryShare memory, int lengthMin, out int length)
    {
        length = 0;
        long bytes = 0;
        int count = slices.Length;
        foreach (ref readonly PayloadSlice slice in slices)
        {
            if (slice.Length < lengthMin || _regions[slice.Region] is not { } region || !region.Contains(slice) || region.Held + count > region.FrameCount >> 1)
            {
                return false;
            }

            bytes += slice.Length;
        }

        // A frame of a peer may have 2^30 bytes, and several slices can lie in one.
        length = unchecked((int)bytes);
        return bytes <= int.MaxValue && _held[memory.Owner] + count <= memory.FramesMax;
    }

    /// <summary>How many slices of a region a connection could keep for certain: the same limits, in frames.</summary>
    public int RoomFor(FrameRegion region, MemoryShare memory) =>
        Math.Max(Math.Min((region.FrameCount >> 1) - region.Held, memory.FramesMax - _held[memory.Owner]), 0);

    /// <summary>The connection keeps a slice for which <see cref="CanAdopt(ReadOnlySpan{PayloadSlice}, MemoryShare, int, out int)"/> holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Adopt(in PayloadSlice slice, MemoryShare memory) => Adopt(_regions[slice.Region]!, slice, memory);

    /// <summary>The same, where the slice's region is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Adopt(FrameRegion region, in PayloadSlice slice, MemoryShare memory)
    {
        ref FrameRecord record = ref region.Records[slice.Index];
        bool isCharged = ReferenceEquals(region, Arena) ? record.Owner != Nobody : TakeReference(region, ref record);
        if (!isCharged)
        {
            record.Owner = memory.Owner;
            _held[memory.Owner]++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddReference(uint frame, int count = 1)
    {
        ref FrameRecord record = ref RecordOf(frame);
        Invariant.Check(record.References > 0, "Who adds a reference to a frame knows it by one that there is.");
        record.References += count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(uint frame, int count = 1) => Release(frame, count, ref RecordOf(frame));

    /// <summary>The same where a host names the frame: unlike the core it can name one that there is not.</summary>
    /// <exception cref="ArgumentException">There is no such frame.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReleaseForHost(uint frame, int count)
    {
        FrameRecord[] own = _own;
        if (frame < (uint)own.Length)
        {
            Release(frame, count, ref own[frame]);
        }
        else
        {
            ReleaseElsewhere(frame, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Release(uint frame, int count, ref FrameRecord record)
    {
        int left = record.References - count;
        record.References = left;
        if (left <= 0)
        {
            ReleaseLast(_regions[frame >> PayloadSlice.IndexBits]!, (int)(frame & IndexMask), ref record);
        }
    }

    /// <summary>Whether there is a single reference to a frame.</summary>
    public bool IsHeldOnce(uint frame) => RecordOf(frame).References == 1;

    /// <summary>Copies a slice out of its frame and gives its reference back.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="destination">At least as long.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void TakeOut(scoped in PayloadSlice slice, Span<byte> destination)
    {
        FrameRegion region = _regions[slice.Region]!;
        int index = slice.Index;
        region.RunOf(slice).CopyTo(destination);
        ref FrameRecord record = ref region.Records[index];
        int left = record.References - 1;
        record.References = left;
        if (left <= 0)
        {
            ReleaseLast(region, index, ref record);
        }
    }

    /// <summary>Takes a free frame of the arena for a connection.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAllocate(int owner, out uint frame)
    {
        if (!Arena.TryAllocate(owner, out int index))
        {
            frame = PayloadSlice.NoFrame;
            return false;
        }

        if (owner != Nobody)
        {
            _held[owner]++;
        }

        frame = PayloadSlice.FrameOf(0, index);
        return true;
    }

    /// <summary>A connection keeps a frame that a link received: from now on it is charged for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Charge(uint frame, int owner)
    {
        ref int current = ref RecordOf(frame).Owner;
        if (current == Nobody)
        {
            current = owner;
            _held[owner]++;
        }
    }

    /// <summary>Whether so many frames of a peer are held that it could run out of them: then data is copied out at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool PeerIsShort(uint frame) => _regions[frame >> PayloadSlice.IndexBits]!.IsShort;

    /// <summary>A peer's frame came with one reference. Returns whether a connection is charged for it already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TakeReference(FrameRegion region, ref FrameRecord record)
    {
        if (record.References++ == 0)
        {
            record.Owner = Nobody;
        }

        if (record.Holds++ == 0)
        {
            region.Held++;
        }

        return record.Owner != Nobody;
    }

    /// <summary>What is known of a frame that is referenced.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref FrameRecord RecordOf(uint frame)
    {
        FrameRecord[] own = _own;
        if (frame < (uint)own.Length)
        {
            return ref own[frame];
        }

        return ref _records[frame >> PayloadSlice.IndexBits]![frame & IndexMask];
    }

    /// <summary>A peer's frame, or none. Apart, because what a link sends lies in the arena.</summary>
    private void ReleaseElsewhere(uint frame, int count)
    {
        uint region = frame >> PayloadSlice.IndexBits;
        uint index = frame & IndexMask;
        if (_records[region] is not { } records)
        {
            throw new ArgumentException($"Frame {index} of region {region} is none: no region of that number is registered.", nameof(frame));
        }

        if (index >= (uint)records.Length)
        {
            throw new ArgumentException($"Frame {index} of region {region} is none: the region has {records.Length} frames.", nameof(frame));
        }

        Release(frame, count, ref records[index]);
    }

    private void ReleaseLast(FrameRegion region, int index, ref FrameRecord record)
    {
        if (record.References < 0)
        {
            ThrowReleasedTooOften(region, index, ref record);
        }

        Invariant.Check(record.Lent == 0, "A frame that the application holds has a reference.");
        int owner = record.Owner;
        if (owner != Nobody)
        {
            Invariant.Check(_held[owner] > 0, "A connection is charged for the frames that it holds.");
            _held[owner]--;
            record.Owner = Nobody;
        }

        // The arena by its own type, so that the call of every frame that was sent is none of a virtual method.
        if (ReferenceEquals(region, Arena))
        {
            Arena.OnUnreferenced(index, ref record);
        }
        else
        {
            region.OnUnreferenced(index, ref record);
        }
    }

    // Apart, because the text would make every call of the method above set up its parts.
    [DoesNotReturn]
    private static void ThrowReleasedTooOften(FrameRegion region, int index, ref FrameRecord record)
    {
        record.References = 0;
        throw new InvalidOperationException($"Frame {index} of region {region.Number} was released more often than it was held.");
    }
}
