using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>
/// Puts payload into frames and chunks, takes it out again, and gives both back. Every buffer of the core is a list of chunks that
/// this class makes and unmakes.
/// </summary>
/// <param name="frames">The frames.</param>
/// <param name="chunks">The records of runs in them.</param>
/// <param name="reserve256">The part, in 256ths, of frames and of chunks that only data may take that fills a gap.</param>
internal sealed class PayloadStore(FrameTable frames, Slab<Chunk> chunks, int reserve256)
{
    private readonly int _framesReserve = (int)((long)frames.Arena.FrameCount * reserve256 / 256);
    private readonly int _chunksReserve = (int)((long)chunks.Capacity * reserve256 / 256);

    // The last quarter of both is kept for what comes in.
    private readonly int _framesForArrivals = frames.Arena.FrameCount >> 2;
    private readonly int _chunksForArrivals = chunks.Capacity >> 2;

    /// <summary>Less than a cache line at the end of a frame stays empty: a piece so short would cost a packet's second slice.</summary>
    private const int RestMin = FrameArena.LineSize;

    /// <summary>Payloads up to this length share frames.</summary>
    public const int SmallLengthMax = 256;

    public FrameTable Frames => frames;

    public Slab<Chunk> Chunks => chunks;

    /// <summary>Whether only data that fills a gap may still be taken in: what lies behind gaps is held until they are filled, and must not take what fills them.</summary>
    public bool OnlyGapsMayFill => OnlyGapsMayFillBehind(0);

    /// <summary>The same, when so many chunks more are taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool OnlyGapsMayFillBehind(int chunkCount) => frames.Arena.FreeCount <= _framesReserve || chunks.FreeCount - chunkCount <= _chunksReserve;

    /// <summary>Whether a send may take a frame, and so many chunks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasForSending(int chunkCount) => frames.Arena.FreeCount > _framesForArrivals && HasChunksForSending(chunkCount);

    /// <summary>Chunks that sends may take when nothing else has any.</summary>
    public int ChunksForSending => chunks.Capacity - _chunksForArrivals;

    /// <summary>Whether a send may take so many chunks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasChunksForSending(int count) => chunks.FreeCount - count >= _chunksForArrivals;

    /// <summary>
    /// Appends a copy of <paramref name="data"/> to a list. Returns how many bytes it took: fewer when the arena or the chunks are exhausted.
    /// </summary>
    /// <param name="list">The list.</param>
    /// <param name="data">What to copy.</param>
    /// <param name="position">The position of the first byte.</param>
    /// <param name="owner">The connection that is charged.</param>
    /// <param name="shared">The connection's frame for small payloads.</param>
    /// <param name="framesMax">How many frames the connection may hold.</param>
    /// <param name="keepTail">Whether small payloads behind the first go into a frame of the list's own, which those that follow fill up.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Append(
        ref ChunkList list, ReadOnlySpan<byte> data, ulong position, int owner, ref SharedFrame shared, int framesMax, bool keepTail = false)
    {
        bool isSmall = data.Length <= SmallLengthMax && !(keepTail && list.Tail >= 0);
        int taken = list.Tail >= 0 && chunks[list.Tail].IsAppendable ? Extend(ref chunks[list.Tail], data) : 0;
        return taken == data.Length ? taken
            : isSmall ? taken + AppendShared(ref list, data[taken..], position + (uint)taken, owner, ref shared, framesMax)
            : AppendFrames(ref list, data, taken, position, owner, framesMax);
    }

    /// <summary>
    /// Appends a copy of <paramref name="data"/> to a list in one piece, behind the last run where its frame has room, else in a frame of its own: what
    /// <see cref="Append"/> does with most data, at less cost. False: that is not to be done, or there is no memory, and nothing was.
    /// </summary>
    /// <param name="list">The list.</param>
    /// <param name="data">What to copy.</param>
    /// <param name="position">The position of the first byte.</param>
    /// <param name="memory">The share of the connection that is charged.</param>
    public bool TryAppendWhole(ref ChunkList list, ReadOnlySpan<byte> data, ulong position, MemoryShare memory)
    {
        int tail = list.Tail;
        if (tail >= 0 && chunks[tail].IsAppendable)
        {
            return TryExtend(ref chunks[tail], data);
        }

        if (!HasChunksForSending(1) || !TryReserve(data.Length, memory, out PayloadSlice slice))
        {
            return false;
        }

        // There is one: that was asked.
        chunks.TryAllocate(out int index);
        ref Chunk chunk = ref chunks[index];
        chunk.Slice = slice;
        chunk.Position = position;
        chunk.IsAppendable = HasRest(data.Length);
        Link(ref list, index, ref chunk);
        data.CopyTo(frames.Arena.RunOf(slice));
        return true;
    }

    /// <summary>Copies <paramref name="data"/> into a frame of its own. False: it is too long or too short for that, or there is no memory, and nothing was done.</summary>
    /// <param name="data">What to copy.</param>
    /// <param name="memory">The share of the connection that is charged.</param>
    /// <param name="slice">The copy.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryCopy(ReadOnlySpan<byte> data, MemoryShare memory, out PayloadSlice slice)
    {
        if (!TryReserve(data.Length, memory, out slice))
        {
            return false;
        }

        data.CopyTo(frames.Arena.RunOf(slice));
        return true;
    }

    /// <summary>Adds a run to the end of a list; the list takes over the caller's reference. False: no chunk is free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryLink(ref ChunkList list, in PayloadSlice slice, ulong position)
    {
        if (list.Tail >= 0 && chunks[list.Tail].Slice.IsFollowedBy(slice) && TryJoin(ref chunks[list.Tail], slice, position))
        {
            return true;
        }

        if (!chunks.TryAllocate(out int index))
        {
            return false;
        }

        ref Chunk chunk = ref chunks[index];
        chunk.Slice = slice;
        chunk.Position = position;
        chunk.IsAppendable = false;
        Link(ref list, index, ref chunk);
        return true;
    }

    /// <summary>Adds a run behind a list's last, which takes over the caller's reference; a chunk is free. The list itself learns of its new end from the caller.</summary>
    /// <param name="tail">The list's last chunk.</param>
    /// <param name="slice">The run.</param>
    /// <param name="position">Where it begins: there the last chunk ends.</param>
    /// <returns>The list's last chunk from now on.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int LinkBehind(int tail, in PayloadSlice slice, ulong position)
    {
        ref Chunk last = ref chunks[tail];
        if (last.Slice.IsFollowedBy(slice) && TryJoin(ref last, slice, position))
        {
            return tail;
        }

        chunks.TryAllocate(out int index);
        last.Next = index;
        ref Chunk chunk = ref chunks[index];
        chunk.Slice = slice;
        chunk.Position = position;
        chunk.IsAppendable = false;
        chunk.Next = Slab<Chunk>.None;
        return index;
    }

    /// <summary>
    /// Moves up to <paramref name="length"/> bytes from the front of a list into slices, each with a reference of its own.
    /// Returns the bytes moved: fewer when the slices do not suffice or the list ends.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Cut(ref ChunkList list, int length, Span<PayloadSlice> slices, out int sliceCount)
    {
        int moved = 0;
        sliceCount = 0;
        while (moved < length && sliceCount < slices.Length && list.Head >= 0)
        {
            ref Chunk chunk = ref chunks[list.Head];
            int left = length - moved;
            if (chunk.Slice.Length <= left)
            {
                // The slice inherits the chunk's reference.
                slices[sliceCount++] = chunk.Slice;
                moved += chunk.Slice.Length;
                Unlink(ref list, ref chunk);
            }
            else
            {
                frames.AddReference(chunk.Slice.Frame);
                slices[sliceCount++] = chunk.Slice.WithLength(left);
                chunk.SkipFront(left);
                moved = length;
            }
        }

        return moved;
    }

    /// <summary>The same from a single piece, or else from a list: what is left stays where it was.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Cut(ref PayloadSlice piece, ref ChunkList list, int length, Span<PayloadSlice> slices, out int sliceCount)
    {
        if (piece.Length == 0)
        {
            return Cut(ref list, length, slices, out sliceCount);
        }

        sliceCount = 1;
        slices[0] = piece;
        if (piece.Length <= length)
        {
            int whole = piece.Length;
            piece = default;
            return whole;
        }

        frames.AddReference(piece.Frame);
        slices[0] = piece.WithLength(length);
        piece = piece.SkipFirst(length);
        return length;
    }

    /// <summary>Takes the run out of a list that has just one: the slice inherits its reference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PayloadSlice TakeOnly(ref ChunkList list)
    {
        Invariant.Check(list.Head >= 0 && list.Head == list.Tail, "The list has one run.");
        PayloadSlice slice = chunks[list.Head].Slice;
        chunks.Free(list.Head);
        list = ChunkList.Empty;
        return slice;
    }

    /// <summary>Copies from the front of a list and frees what was copied whole.</summary>
    public int Read(ref ChunkList list, Span<byte> destination)
    {
        Span<byte> rest = destination;
        while (rest.Length > 0 && list.Head >= 0)
        {
            ref Chunk chunk = ref chunks[list.Head];
            PayloadSlice slice = chunk.Slice;
            if (slice.Length > rest.Length)
            {
                frames.RegionOf(slice.Frame).RunOf(slice.WithLength(rest.Length)).CopyTo(rest);
                chunk.SkipFront(rest.Length);
                return destination.Length;
            }

            Unlink(ref list, ref chunk);
            frames.TakeOut(slice, rest);
            rest = rest[slice.Length..];
        }

        return destination.Length - rest.Length;
    }

    /// <summary>Frees a whole list and returns the bytes that were in it.</summary>
    public long Clear(ref ChunkList list)
    {
        long bytes = 0;
        while (list.Head >= 0)
        {
            ref Chunk chunk = ref chunks[list.Head];
            bytes += chunk.Slice.Length;
            frames.Release(chunk.Slice.Frame);
            Unlink(ref list, ref chunk);
        }

        return bytes;
    }

    /// <summary>Frees a single piece, if there is one, and a whole list. Returns the bytes that were in them.</summary>
    public long Clear(ref PayloadSlice piece, ref ChunkList list)
    {
        int bytes = piece.Length;
        if (bytes > 0)
        {
            frames.Release(piece.Frame);
            piece = default;
        }

        return bytes + Clear(ref list);
    }

    /// <summary>The start of a new frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeWhole(int length, int owner, int framesMax, out PayloadSlice slice)
    {
        if (frames.HeldBy(owner) >= framesMax || !frames.TryAllocate(owner, out uint frame))
        {
            slice = default;
            return false;
        }

        slice = new PayloadSlice(frame, 0, Math.Min(length, frames.FrameSize));
        return true;
    }

    /// <summary>Takes a frame for what is sent and needs most of one. False: that does not, or there is no memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReserve(int length, MemoryShare memory, out PayloadSlice slice)
    {
        if (length <= SmallLengthMax || length > frames.FrameSize || frames.Arena.FreeCount <= _framesForArrivals
            || frames.HeldBy(memory.Owner) >= memory.SendFramesMaxOfLargeStream)
        {
            slice = default;
            return false;
        }

        // There is one: that was asked.
        frames.TryAllocate(memory.Owner, out uint frame);
        slice = new PayloadSlice(frame, 0, length);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Unlink(ref ChunkList list, ref Chunk head)
    {
        chunks.Free(list.Head);
        int next = head.Next;
        list.Head = next;
        if (next < 0)
        {
            list.Tail = Slab<Chunk>.None;
        }
    }

    /// <summary>Neighbours in a shared frame become one run, which gives one of their references back.</summary>
    private bool TryJoin(ref Chunk last, in PayloadSlice slice, ulong position)
    {
        if (last.IsAppendable || last.End != position)
        {
            return false;
        }

        last.Slice = last.Slice.WithLength(last.Slice.Length + slice.Length);
        frames.Release(slice.Frame);
        return true;
    }

    /// <summary>Fills up the frame of a run that is the last in it. Returns the bytes taken.</summary>
    private int Extend(ref Chunk tail, ReadOnlySpan<byte> data)
    {
        int take = Math.Min(data.Length, frames.FrameSize - tail.Slice.Offset - tail.Slice.Length);
        return TryExtend(ref tail, data[..take]) ? take : 0;
    }

    /// <summary>Puts bytes behind a run that is the last in its frame. False: there is not room for all of them, or there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryExtend(ref Chunk tail, ReadOnlySpan<byte> data)
    {
        int end = tail.Slice.Offset + tail.Slice.Length;
        if (data.Length > frames.FrameSize - end || data.IsEmpty)
        {
            return false;
        }

        // What lies behind the run was never handed to a link, so that writing it changes nothing anybody reads.
        data.CopyTo(frames.Arena.RunOf(tail.Slice.Part(tail.Slice.Length, data.Length)));
        tail.Slice = tail.Slice.WithLength(tail.Slice.Length + data.Length);
        tail.IsAppendable = HasRest(end + data.Length);
        return true;
    }

    /// <summary>Appends a copy of what was not taken yet in frames of its own. Returns the bytes taken in all.</summary>
    private int AppendFrames(ref ChunkList list, ReadOnlySpan<byte> data, int taken, ulong position, int owner, int framesMax)
    {
        FrameArena arena = frames.Arena;
        while (taken < data.Length && frames.HeldBy(owner) < framesMax && chunks.FreeCount > 0 && frames.TryAllocate(owner, out uint frame))
        {
            int length = Math.Min(data.Length - taken, arena.FrameSize);
            data.Slice(taken, length).CopyTo(arena.Bytes((int)frame, 0, length));
            chunks.TryAllocate(out int index);
            ref Chunk chunk = ref chunks[index];
            chunk.Slice = new PayloadSlice(frame, 0, length);
            chunk.Position = position + (uint)taken;
            chunk.IsAppendable = HasRest(length);
            Link(ref list, index, ref chunk);
            taken += length;
        }

        return taken;
    }

    /// <summary>Appends a copy to the frame that small payloads share. Returns the bytes taken: all, or none.</summary>
    private int AppendShared(ref ChunkList list, ReadOnlySpan<byte> data, ulong position, int owner, ref SharedFrame shared, int framesMax)
    {
        if (!shared.TryTake(frames, data.Length, owner, framesMax, out PayloadSlice slice))
        {
            return 0;
        }

        if (!TryLink(ref list, slice, position))
        {
            frames.Release(slice.Frame);
            return 0;
        }

        data.CopyTo(frames.Bytes(slice));
        return data.Length;
    }

    /// <summary>Whether so many bytes leave as much of a frame as is worth a piece of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasRest(int used) => used <= frames.FrameSize - RestMin;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Link(ref ChunkList list, int index, ref Chunk chunk)
    {
        chunk.Next = Slab<Chunk>.None;
        int tail = list.Tail;
        if (tail >= 0)
        {
            chunks[tail].Next = index;
        }
        else
        {
            list.Head = index;
        }

        list.Tail = index;
    }
}
