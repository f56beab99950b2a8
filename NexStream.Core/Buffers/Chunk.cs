namespace NexStream.Core.Buffers;

/// <summary>A run of buffered bytes in a list: it owns one reference to its frame.</summary>
internal struct Chunk
{
    /// <summary>Where the run begins: a stream offset (RO) or an offset inside its message.</summary>
    public ulong Position;

    public PayloadSlice Slice;

    public int Next;

    /// <summary>Whether bytes may be appended behind the run: it was the last to be written into a frame of its own.</summary>
    public bool IsAppendable;

    public readonly ulong End => Position + (uint)Slice.Length;

    /// <summary>The first bytes, fewer than there are, have gone elsewhere.</summary>
    public void SkipFront(int bytes)
    {
        Slice = Slice.SkipFirst(bytes);
        Position += (uint)bytes;
    }
}

/// <summary>A singly linked list of chunks.</summary>
internal struct ChunkList
{
    public int Head;
    public int Tail;

    public static ChunkList Empty => new() { Head = Slab<Chunk>.None, Tail = Slab<Chunk>.None };

    public readonly bool IsEmpty => Head < 0;
}
