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

    private readonly FrameRegion?[] _regions = new FrameRegion?[RegionsMax];
    private readonly int[] _held;
    private readonly int _reserve;

    public FrameTable(FrameArena arena, int owners, int reserve256)
    {
        Arena = arena;
        _held = new int[owners];
        _reserve = (int)((long)arena.FrameCount * reserve256 / 256);
        Register(arena);
    }

    public FrameArena Arena { get; }

    public int FrameSize => Arena.FrameSize;

    /// <summary>Whether only data that fills a gap may still be taken in.</summary>
    public bool OnlyGapsMayFill => Arena.FreeCount <= _reserve;

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
                region.Number = number;
                return;
            }
        }

        throw new InvalidOperationException($"All {RegionsMax} region numbers of the endpoint are in use; unregister the regions of links that ended.");
    }

    /// <summary>Forgets a region that nothing references any more.</summary>
    public bool TryUnregister(FrameRegion region)
    {
        for (int i = 0; i < region.FrameCount; i++)
        {
            if (region.References(i) != 0)
            {
                return false;
            }
        }

        _regions[region.Number] = null;
        region.Number = -1;
        return true;
    }

    public bool Contains(in PayloadSlice slice) => _regions[slice.Region] is { } region && region.Contains(slice);

    public Span<byte> Bytes(scoped in PayloadSlice slice) => _regions[slice.Region]!.Bytes(slice.Index, slice.Offset, slice.Length);

    public int HeldBy(int owner) => _held[owner];

    /// <summary>A link handed over one reference.</summary>
    public void OnReceived(uint frame)
    {
        FrameRegion region = RegionOf(frame);
        int index = IndexOf(frame);
        if (!ReferenceEquals(region, Arena))
        {
            if (region.References(index)++ == 0)
            {
                region.Owner(index) = Nobody;
            }

            region.OnReceived(index);
        }
    }

    public void AddReference(uint frame) => RegionOf(frame).References(IndexOf(frame))++;

    public void Release(uint frame, int count = 1)
    {
        FrameRegion region = RegionOf(frame);
        int index = IndexOf(frame);
        int left = region.References(index) -= count;
        if (left > 0)
        {
            return;
        }

        if (left < 0)
        {
            region.References(index) = 0;
            throw new InvalidOperationException($"Frame {index} of region {region.Number} was released more often than it was held.");
        }

        ref int owner = ref region.Owner(index);
        if (owner != Nobody)
        {
            _held[owner]--;
            owner = Nobody;
        }

        region.OnUnreferenced(index);
    }

    /// <summary>Takes a free frame of the arena for a connection.</summary>
    public bool TryAllocate(int owner, out uint frame)
    {
        if (!Arena.TryAllocate(out int index))
        {
            frame = PayloadSlice.NoFrame;
            return false;
        }

        Arena.Owner(index) = owner;
        if (owner != Nobody)
        {
            _held[owner]++;
        }

        frame = PayloadSlice.FrameOf(0, index);
        return true;
    }

    /// <summary>A connection keeps a frame that a link received: from now on it is charged for it.</summary>
    public void Charge(uint frame, int owner)
    {
        ref int current = ref RegionOf(frame).Owner(IndexOf(frame));
        if (current == Nobody)
        {
            current = owner;
            _held[owner]++;
        }
    }

    /// <summary>Whether so many frames of a peer are held that it could run out of them: then data is copied out at once.</summary>
    public bool PeerIsShort(uint frame) => RegionOf(frame) is PeerRegion peer && peer.HeldCount > peer.FrameCount / 2;

    private static int IndexOf(uint frame) => (int)(frame & ((1u << PayloadSlice.IndexBits) - 1));

    private FrameRegion RegionOf(uint frame) => _regions[frame >> PayloadSlice.IndexBits]!;
}
