using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Traffic;

/// <summary>A stream of a flow as both its ends know it: what was sent, and what became of it. RO counts bytes, the other modes messages.</summary>
internal sealed class StreamRecord(StreamSpec spec, int index)
{
    private readonly List<ulong> _seen = [];
    private long _expired;

    public StreamSpec Spec { get; } = spec;

    public int Index { get; } = index;

    public TransportMode Mode { get; } = spec.Mode switch
    {
        "ro" => TransportMode.ReliableOrdered,
        "ru" => TransportMode.ReliableUnordered,
        "pr" => TransportMode.Probabilistic,
        _ => TransportMode.BestEffort,
    };

    /// <summary>The sending end.</summary>
    public StreamHandle Handle { get; set; }

    public bool IsOpen { get; set; }

    /// <summary>Everything was handed over.</summary>
    public bool IsSent { get; set; }

    /// <summary>It was broken off: nothing more is sent.</summary>
    public bool IsStopped { get; set; }

    /// <summary>The sender knows that it is over.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The receiver has read the end.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Since when it may send; virtual nanoseconds.</summary>
    public long OpenedAt { get; set; }

    public long SentBytes { get; set; }

    /// <summary>Of what arrived, the bytes that are right and came for the first time.</summary>
    public long DeliveredBytes { get; set; }

    public long Sent { get; set; }

    public long Delivered { get; set; }

    public long Duplicated { get; set; }

    public long OutOfOrder { get; set; }

    public long Corrupted { get; set; }

    /// <summary>
    /// Messages whose deadline passed before they were known to have arrived. The core counts one when it gives it up, which is what the
    /// guarantee is about, and reports it when nothing of it is under way any more, which is what is left once the stream is gone.
    /// </summary>
    public long Expired => Math.Max(_expired, ExpiredReported);

    public long ExpiredReported { get; set; }

    /// <summary>PR: messages that repairs brought back, as the receiver counts them.</summary>
    public long Recovered { get; set; }

    public long HighestMessage { get; set; } = -1;

    /// <summary>Whether a message came.</summary>
    public bool IsSeen(long number) => number / 64 < _seen.Count && (_seen[(int)(number / 64)] & (1UL << (int)(number % 64))) != 0;

    /// <summary>Looks how many messages have expired so far.</summary>
    public void CountExpired() => _expired = Math.Max(_expired, Handle.Statistics.Expired);

    /// <summary>Bytes of a message: all are alike but the last, which has what is left, and room for its number.</summary>
    public int LengthOf(long number)
    {
        long left = Spec.Bytes is { } total ? total - (number * Spec.Message) : Spec.Message;
        return (int)Math.Clamp(left, Pattern.HeaderSize, Spec.Message);
    }

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
