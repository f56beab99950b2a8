using NexStream.Core.Buffers;

namespace NexStream.Core.State;

/// <summary>A message that is being put together, or is complete and waits to be read.</summary>
internal struct InboundMessage
{
    public ulong Number;

    /// <summary>Its bytes so far, sorted by offset, without overlaps.</summary>
    public ChunkList Content;

    public int Length;
    public int Received;
    public int ChunkCount;
    public int Next;
    public int Previous;
    public bool HasNumber;
}
