using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>A CUBIC controller and the clock of the path that it serves.</summary>
internal sealed class CubicHarness
{
    public const int FrameLength = 1000;
    public const long RttNs = 100 * Instant.Millisecond;

    private ulong _number;

    public CubicHarness(long initialWindow = 10 * FrameLength)
    {
        Cubic.Reset(new CongestionParameters { Now = Now, FrameLength = FrameLength, InitialWindow = initialWindow });
    }

    public Cubic Cubic { get; } = new();

    public Instant Now { get; private set; } = new(Instant.Second);

    public long Window => Cubic.CongestionWindow;

    public void Advance(long ns) => Now += ns;

    /// <summary>A full window was in flight, and these bytes of it, sent a round trip ago, are acknowledged: each time the last packet that was sent.</summary>
    public void Acknowledge(long bytes, long? sentAgoNs = null, bool isApplicationLimited = false, long? priorInFlight = null) =>
        Cubic.OnAcknowledged(new AcknowledgedBatch
        {
            Now = Now,
            AcknowledgedBytes = bytes,
            LargestAcknowledged = ++_number,
            LargestSent = _number,
            LargestAcknowledgedSentAt = Now + -(sentAgoNs ?? RttNs),
            PriorBytesInFlight = priorInFlight ?? (isApplicationLimited ? 0 : Window),
            SmoothedRttNs = RttNs,
            LatestRttNs = RttNs,
            MinRttNs = RttNs,
            IsApplicationLimited = isApplicationLimited,
        });

    /// <summary>One packet is acknowledged, of an application that has no more to send; so much was in flight before.</summary>
    public void AcknowledgeOne(ulong number, ulong largestSent, long priorInFlight) =>
        Cubic.OnAcknowledged(new AcknowledgedBatch
        {
            Now = Now,
            AcknowledgedBytes = FrameLength,
            LargestAcknowledged = number,
            LargestAcknowledgedSentAt = Now + -RttNs,
            LargestSent = largestSent,
            PriorBytesInFlight = priorInFlight,
            BytesInFlight = priorInFlight - FrameLength,
            SmoothedRttNs = RttNs,
            LatestRttNs = RttNs,
            MinRttNs = RttNs,
            IsApplicationLimited = true,
        });

    public void Lose(long bytes, Instant sentAt, bool isPersistent = false) =>
        Cubic.OnLost(new LostBatch { Now = Now, LostBytes = bytes, LostPackets = 1, LargestLostSentAt = sentAt, PersistentCongestion = isPersistent });

    /// <summary>A round trip passes in which the whole window is acknowledged, in steps of ten packets.</summary>
    public void Round()
    {
        long window = Window;
        long steps = Math.Max(1, window / (10 * FrameLength));
        for (long i = 0; i < steps; i++)
        {
            Advance(RttNs / steps);
            Acknowledge(window / steps);
        }
    }
}
