using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// What one run of the loss detector declared lost on a path (RFC 9002 §6.1). "The largest" is the lost packet with the highest number.
/// Bytes are whole packets, durations are nanoseconds.
/// </summary>
public readonly struct LostBatch
{
    /// <summary>When the loss was detected.</summary>
    public Instant Now { get; init; }

    /// <summary>Bytes declared lost.</summary>
    public long LostBytes { get; init; }

    /// <summary>Packets declared lost.</summary>
    public int LostPackets { get; init; }

    /// <summary>Runs of consecutive packet numbers among them (draft-ietf-ccwg-bbr §5.3.1.3 counts these).</summary>
    public int LostRanges { get; init; }

    /// <summary>The highest packet number declared lost.</summary>
    public ulong LargestLost { get; init; }

    /// <summary>When that packet was sent.</summary>
    public Instant LargestLostSentAt { get; init; }

    /// <summary>Bytes in flight after the lost ones were taken off.</summary>
    public long BytesInFlight { get; init; }

    /// <summary>Bytes in flight before that.</summary>
    public long PriorBytesInFlight { get; init; }

    /// <summary>Bytes delivered on the path so far ("C.delivered").</summary>
    public long Delivered { get; init; }

    /// <summary>Whether the losses span so long that the path counts as persistently congested (RFC 9002 §7.6).</summary>
    public bool PersistentCongestion { get; init; }
}
