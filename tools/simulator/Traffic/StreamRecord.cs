using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Traffic;

/// <summary>A stream of a flow as both its ends know it: what was sent, and what became of it. RO counts bytes, the other modes messages.</summary>
internal sealed class StreamRecord(StreamSpec spec, int index)
{
    private readonly List<ulong> _seen = [];

    public StreamSpec Spec { get; } = spec;

    public int Index { get; } = index;

    public TransportMode Mode { get; } = spec.Mode switch
    {
        "ro" => TransportMode.ReliableOrdered,
        "ru" => TransportMode.ReliableUnordered,
        _ => TransportMode.BestEffort,
    };

    /// <summary>The sending end.</summary>
    public StreamHandle Handle { get; set; }

    public bool IsOpen { get; set; }

    /// <summary>Everything was handed over.</summary>
    public bool IsSent { get; set; }

    /// <summary>The sender knows that it is over.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The receiver has read the end.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Since when it may send; virtual nanoseconds.</summary>
    public long OpenedAt { get; set; }

    public long SentBytes { get; set; }

    public long DeliveredBytes { get; set; }

    public long Sent { get; set; }

    public long Delivered { get; set; }

    public long Duplicated { get; set; }

    public long OutOfOrder { get; set; }

    public long Corrupted { get; set; }

    public long Expired { get; set; }

    public long HighestMessage { get; set; } = -1;

    /// <summary>Notes that a message came. False: it had come before.</summary>
    public bool TryMarkSeen(long number)
    {
        int word = (int)(number / 64);
        while (_seen.Count <= word)
        {
            _seen.Add(0);
        }

        ulong bit = 1UL << (int)(number % 64);
        if ((_seen[word] & bit) != 0)
        {
            return false;
        }

        _seen[word] |= bit;
        return true;
    }
}
