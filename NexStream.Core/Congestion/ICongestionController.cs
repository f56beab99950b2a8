using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// Decides how much one path may have in flight, and how fast it may send. One instance serves one path at a time; it is created up front
/// by an <see cref="ICongestionControllerFactory"/> and reused after <see cref="Reset"/>. The path calls it once per acknowledged or lost
/// batch, from one thread. An implementation must be a pure function of these calls: no clock, no randomness of its own, no allocation.
/// The window and the rate may change in these calls only: the path reads them after each.
/// Bytes are whole packets as the link carries them, retransmissions included; durations are nanoseconds.
/// When one acknowledgement both acknowledges and reveals loss, <see cref="OnLost"/> comes before <see cref="OnAcknowledged"/>.
/// </summary>
public interface ICongestionController
{
    /// <summary>What the controller is called in statistics and traces.</summary>
    string Name { get; }

    /// <summary>Bytes that may be in flight at once. Never less than two packets of the maximum length (RFC 9002 §7.2).</summary>
    long CongestionWindow { get; }

    /// <summary>Below this many bytes of window the controller is in slow start; <see cref="long.MaxValue"/> before the first congestion.</summary>
    long SlowStartThreshold { get; }

    /// <summary>Bytes per second at which packets should leave; 0 means that they are not paced (RFC 9002 §7.7).</summary>
    long PacingRate { get; }

    /// <summary>Bytes per second that the path is believed to deliver; 0 before there is an estimate.</summary>
    long DeliveryRate { get; }

    /// <summary>How much longer than the shortest round trip the latest one took: the delay of the queues on the path, in nanoseconds.</summary>
    long QueueingDelayNs { get; }

    /// <summary>Forgets everything: the instance now serves a new path, or a path whose other end has moved (RFC 9000 §9.4).</summary>
    /// <param name="parameters">What is known about the path.</param>
    void Reset(in CongestionParameters parameters);

    /// <summary>
    /// Packets that count as in flight were sent: one, or several that left one after the other at one instant. The first after a pause comes by itself.
    /// </summary>
    /// <param name="now">When they were sent.</param>
    /// <param name="bytes">Their length in bytes.</param>
    /// <param name="bytesInFlight">Bytes in flight on the path, these packets included.</param>
    /// <param name="packetNumber">The last one's number on this path.</param>
    /// <param name="isApplicationLimited">
    /// Whether the delivery rate that these packets will sample is limited by the application (draft-ietf-ccwg-bbr §4.1.2.4, "C.app_limited"):
    /// since it last had nothing to send, or no flow-control credit, not everything then in flight has been delivered.
    /// </param>
    void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited);

    /// <summary>Packets in flight were acknowledged for the first time.</summary>
    /// <param name="batch">Everything that one acknowledgement newly acknowledged.</param>
    void OnAcknowledged(in AcknowledgedBatch batch);

    /// <summary>
    /// One packet in flight was declared lost. Every packet of a batch comes here, oldest first, before <see cref="OnLost"/> sums them up.
    /// A controller that judges by batches needs nothing of this.
    /// </summary>
    /// <param name="packet">The packet, and what was known when it left.</param>
    void OnPacketLost(in LostPacket packet)
    {
    }

    /// <summary>Packets in flight were declared lost (RFC 9002 §6.1).</summary>
    /// <param name="batch">Everything that one run of the loss detector declared lost.</param>
    void OnLost(in LostBatch batch);

    /// <summary>The peer reported packets marked by the network, and the marks are credible (RFC 9000 §13.4.2, RFC 9002 §7.1).</summary>
    /// <param name="now">When the report arrived.</param>
    /// <param name="sentAt">When the largest packet that the report newly acknowledges was sent.</param>
    /// <param name="newCeCount">How many packets were newly reported as marked; at least 1.</param>
    void OnCongestionExperienced(Instant now, Instant sentAt, ulong newCeCount);

    /// <summary>Packets that had been declared lost were acknowledged after all: they were late (RFC 9438 §4.9.2).</summary>
    /// <param name="now">When the acknowledgement arrived.</param>
    /// <param name="sentAt">When the packet was sent. Packets sent at different times are reported one by one.</param>
    /// <param name="bytes">Bytes that were reported lost and now turn out to have arrived.</param>
    void OnSpuriousLoss(Instant now, Instant sentAt, long bytes);

    /// <summary>The longest packet that the path carries has changed (path MTU discovery, migration).</summary>
    /// <param name="frameLength">The new length in bytes; at least 1.</param>
    void OnFrameLengthChanged(int frameLength);
}
