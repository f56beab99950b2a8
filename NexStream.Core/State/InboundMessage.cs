using NexStream.Core.Buffers;

namespace NexStream.Core.State;

/// <summary>A message that is being put together, or is complete and waits to be read.</summary>
internal struct InboundMessage
{
    public ulong Number;

    /// <summary>All of it, where it is complete and lies in one piece, as most do: that needs no chunk.</summary>
    public PayloadSlice Whole;

    /// <summary>Else its bytes so far, sorted by offset, without overlaps.</summary>
    public ChunkList Content;

    public int Length;
    public int Received;

    /// <summary>Runs that were inserted, not appended in order: what <see cref="Reassembler"/> bounds.</summary>
    public int ChunkCount;
    public int Next;
    public int Previous;
    public bool HasNumber;

    public readonly bool IsWhole => Whole.Length > 0;
}
