namespace NexStream.Core.Buffers;

/// <summary>
/// Sorted lists of received runs that do not overlap: bytes of a stream that arrived too early, or of a message that is not complete.
/// What came first wins: bytes that are there are never changed (RFC 9000 §2.2).
/// </summary>
internal sealed class Reassembler(PayloadStore store, PayloadKeeper keeper)
{
    /// <summary>
    /// Runs that a list may always have. Beyond that it may have one for each <see cref="BytesPerRun"/> bytes in it, so that what a
    /// peer can make it cost is bounded by what the peer has sent (attack: gapped tiny fragments).
    /// </summary>
    private const int RunsFree = 64;

    /// <summary>Less than half of what a packet of the smallest frame carries.</summary>
    public const int BytesPerRun = 512;

    /// <summary>Whether a list that holds so many runs, and bytes, may have another.</summary>
    public static bool MayAdd(int count, long bytesHeld) => count < RunsFree + (bytesHeld / BytesPerRun);

    /// <summary>
    /// Inserts the payload from <paramref name="skip"/> on, whose first byte has position <paramref name="position"/>.
    /// False: no memory, or too many runs; what was inserted until then stays, and <paramref name="inserted"/> counts it.
    /// </summary>
    public bool TryInsert(
        MemoryShare memory, ref ChunkList list, ref int count, long bytesHeld, ulong position, in InboundPayload payload, int skip, out int inserted)
    {
        inserted = 0;
        ulong origin = position - (uint)skip;
        ulong end = origin + (uint)payload.Length;
        FindPlace(list, position, out int previous, out int next);
        while (position < end)
        {
            if (previous >= 0 && store.Chunks[previous].End > position)
            {
                position = store.Chunks[previous].End;
                continue;
            }

            ulong limit = next >= 0 ? Math.Min(end, store.Chunks[next].Position) : end;
            if (position >= limit)
            {
                previous = next;
                next = store.Chunks[next].Next;
                continue;
            }

            if (!MayAdd(count, bytesHeld + inserted) || !keeper.TryKeep(memory, payload, (int)(position - origin), (int)(limit - position), out PayloadSlice slice))
            {
                return false;
            }

            if (!TryLinkAfter(ref list, ref previous, slice, position))
            {
                store.Frames.Release(slice.Frame);
                return false;
            }

            count++;
            inserted += slice.Length;
            position += (uint)slice.Length;
        }

        return true;
    }

    /// <summary>
    /// Adds a run, with its reference, that begins where the last of a list ends; there is one, and a chunk is free. False: the list would have too many runs, and
    /// nothing was done.
    /// </summary>
    public bool TryAppend(ref ChunkList list, ref int count, long bytesHeld, in PayloadSlice slice, ulong position)
    {
        if (!MayAdd(count, bytesHeld))
        {
            return false;
        }

        int previous = list.Tail;
        TryLinkAfter(ref list, ref previous, slice, position);
        count++;
        return true;
    }

    /// <summary>Takes the first run of a list, with its reference, if it begins at or before <paramref name="position"/>.</summary>
    public bool TryTake(ref ChunkList list, ulong position, out Chunk chunk)
    {
        if (list.Head < 0 || store.Chunks[list.Head].Position > position)
        {
            chunk = default;
            return false;
        }

        int index = list.Head;
        chunk = store.Chunks[index];
        list.Head = chunk.Next;
        if (list.Head < 0)
        {
            list.Tail = Slab<Chunk>.None;
        }

        store.Chunks.Free(index);
        return true;
    }

    private void FindPlace(in ChunkList list, ulong position, out int previous, out int next)
    {
        // Most of what comes too early comes behind everything that came before.
        if (list.Tail >= 0 && store.Chunks[list.Tail].Position <= position)
        {
            previous = list.Tail;
            next = Slab<Chunk>.None;
            return;
        }

        previous = Slab<Chunk>.None;
        next = list.Head;
        while (next >= 0 && store.Chunks[next].Position <= position)
        {
            previous = next;
            next = store.Chunks[next].Next;
        }
    }

    private bool TryLinkAfter(ref ChunkList list, ref int previous, in PayloadSlice slice, ulong position)
    {
        if (!store.Chunks.TryAllocate(out int index))
        {
            return false;
        }

        int next = previous >= 0 ? store.Chunks[previous].Next : list.Head;
        store.Chunks[index] = new Chunk { Position = position, Slice = slice, Next = next };
        if (previous >= 0)
        {
            store.Chunks[previous].Next = index;
        }
        else
        {
            list.Head = index;
        }

        if (next < 0)
        {
            list.Tail = index;
        }

        previous = index;
        return true;
    }
}
