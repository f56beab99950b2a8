using NexStream.Core.Buffers;

namespace NexStream.Core.State;

/// <summary>A group of a Probabilistic stream of which something arrived: kept until all of its messages are there, or it is too old.</summary>
internal struct InboundGroup
{
    /// <summary>Number of its first message.</summary>
    public ulong First;

    /// <summary>Which of its messages, and of its repairs, are here, a bit each.</summary>
    public ulong Messages;
    public ulong Repairs;

    /// <summary>Where they lie, a run each. The upper half of a run's position is the message's index or the repair's row, the lower the repair's length parity.</summary>
    public ChunkList MessageRuns;
    public ChunkList RepairRuns;

    /// <summary>When it is given up: <c>Connection.GroupList</c>.</summary>
    public DueLink Age;

    public int Stream;

    /// <summary>The next group of the stream.</summary>
    public int Next;

    /// <summary>Messages in it; 0: not known before the first repair.</summary>
    public int Size;

    /// <summary>Bytes of a repair.</summary>
    public int RepairLength;

    public const int IndexShift = 32;

    internal readonly struct ByAge : IDueLink<InboundGroup>
    {
        public static ref DueLink Of(ref InboundGroup record) => ref record.Age;
    }
}
