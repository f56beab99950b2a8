using NexStream.Core.Buffers;

namespace NexStream.Core.State;

/// <summary>A message that is being put together, or is complete and waits to be read.</summary>
internal struct InboundMessage
{
    public ulong Number;

    /// <summary>All of it, where it is complete and lies in one piece, as most do: that needs no chunk.</summary>
    public PayloadSlice Whole;

    /// <summary>Else its bytes so far, from the first on.</summary>
    public ChunkList Content;

    /// <summary>Its bytes so far that lie behind a gap, sorted by offset, without overlaps.</summary>
    public ChunkList Ahead;

    public int Length;

    /// <summary>Bytes that are there, in both lists.</summary>
    public int Received;

    /// <summary>Runs that came behind a gap, or short: what <see cref="Reassembler.MayAdd"/> bounds.</summary>
    public int RunCount;
    public int Next;
    public int Previous;
    public bool HasNumber;

    public readonly bool IsWhole => Whole.Length > 0;
}
