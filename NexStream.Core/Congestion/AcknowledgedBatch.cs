using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// What one acknowledgement newly acknowledged on a path, with the delivery-rate sample that it gave (draft-ietf-ccwg-bbr §4.1.1.1 and §4.1.2).
/// "The largest" is the newly acknowledged packet with the highest number. Bytes are whole packets, durations are nanoseconds.
/// </summary>
public readonly struct AcknowledgedBatch
{
    /// <summary>When the acknowledgement arrived.</summary>
    public Instant Now { get; init; }

    /// <summary>Bytes newly acknowledged.</summary>
    public long AcknowledgedBytes { get; init; }

    /// <summary>Packets newly acknowledged.</summary>
    public int AcknowledgedPackets { get; init; }

    /// <summary>The highest packet number newly acknowledged.</summary>
    public ulong LargestAcknowledged { get; init; }

    /// <summary>When that packet was sent.</summary>
    public Instant LargestAcknowledgedSentAt { get; init; }

    /// <summary>The highest packet number sent on the path so far; a round trip ends when a packet sent after it is acknowledged (RFC 9406 §4.2).</summary>
    public ulong LargestSent { get; init; }

    /// <summary>Bytes in flight after this acknowledgement and the losses that it revealed were taken off.</summary>
    public long BytesInFlight { get; init; }

    /// <summary>Bytes in flight before this acknowledgement was processed.</summary>
    public long PriorBytesInFlight { get; init; }

    /// <summary>The round-trip time that this acknowledgement measured; 0 when it measured none (RFC 9002 §5.1).</summary>
    public long RttSampleNs { get; init; }

    /// <summary>The latest round-trip time; 0 before the first sample.</summary>
    public long LatestRttNs { get; init; }

    /// <summary>The smoothed round-trip time (RFC 9002 §5.3); 0 before the first sample.</summary>
    public long SmoothedRttNs { get; init; }

    /// <summary>The lowest round-trip time (RFC 9002 §5.2); 0 before the first sample.</summary>
    public long MinRttNs { get; init; }

    /// <summary>
    /// Whether the sample may be smaller than what the path delivers, because the application did not send enough ("rs.is_app_limited"), or flow control did not let it. Unless
    /// the window was filled all the same, its size was not tested, and it must not grow (RFC 9002 §7.8).
    /// </summary>
    public bool IsApplicationLimited { get; init; }

    /// <summary>Bytes delivered on the path so far, this batch included ("C.delivered").</summary>
    public long Delivered { get; init; }

    /// <summary>Bytes that had been delivered when the largest packet was sent: counts round trips ("rs.prior_delivered").</summary>
    public long PriorDelivered { get; init; }

    /// <summary>Bytes delivered between the sending of the largest packet and now ("rs.delivered").</summary>
    public long SampleDelivered { get; init; }

    /// <summary>The delivery-rate sample in bytes per second; 0 when this batch gave none.</summary>
    public long DeliveryRate { get; init; }

    /// <summary>The interval over which the sample was measured; 0 when this batch gave none.</summary>
    public long DeliveryIntervalNs { get; init; }

    /// <summary>Bytes in flight just after the largest packet was sent ("rs.tx_in_flight").</summary>
    public long TransmitInFlight { get; init; }

    /// <summary>Bytes that this acknowledgement revealed as lost ("rs.newly_lost"); they were reported by <see cref="ICongestionController.OnLost"/>.</summary>
    public long LostBytes { get; init; }

    /// <summary>Bytes declared lost between the sending of the largest packet and now ("rs.lost").</summary>
    public long SampleLostBytes { get; init; }
}
