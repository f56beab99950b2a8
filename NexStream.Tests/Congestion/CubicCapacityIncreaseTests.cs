using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>
/// A bottleneck with a base round trip of 20 ms doubles from 50 to 100 Mbit/s at 10 s, as in ns-3's test "ns3tcp-cubic". The path is a fluid:
/// what is in flight beyond the pipe waits, and after 100 ms of more than 5 ms of waiting a packet is dropped (CoDel's rule).
/// </summary>
[TestFixture]
public sealed class CubicCapacityIncreaseTests
{
    private const int SegmentLength = 1448;
    private const int WireLength = SegmentLength + 54;
    private const double BaseRtt = 0.020;
    private const double QueueTarget = 0.005;
    private const int QueueIntervalMs = 100;
    private const int EndMs = 15_000;

    [Test]
    public void Window_RenoFriendly_TakesTheNewCapacitySoon()
    {
        Cubic cubic = new();
        cubic.Reset(CongestionParameters.ForPath(Instant.Zero, SegmentLength));
        double[] windows = Simulate(
            () => cubic.CongestionWindow,
            (now, rttNs, bytes) => cubic.OnAcknowledged(new AcknowledgedBatch
            {
                Now = now,
                AcknowledgedBytes = bytes,
                LargestAcknowledgedSentAt = now + -rttNs,
                PriorBytesInFlight = cubic.CongestionWindow,
                SmoothedRttNs = rttNs,
            }),
            (now, rttNs) => cubic.OnLost(new LostBatch { Now = now, LostBytes = SegmentLength, LargestLostSentAt = now + -rttNs }));

        // ns-3: 150 to 220 segments between 13 and 15 s.
        Assert.That(windows[13_000..].Min(), Is.GreaterThanOrEqualTo(150));
        Assert.That(windows[13_000..].Max(), Is.LessThanOrEqualTo(220));
    }

    // The same path without the Reno-friendly region: what the test above would see if the region were missing.
    [Test]
    public void Window_CurveAlone_StaysAtTheOldCapacity()
    {
        double window = 100 * SegmentLength;
        long plateau = 0;
        Instant start = Instant.Zero;
        double[] windows = Simulate(
            () => (long)window,
            (now, rttNs, bytes) =>
            {
                long k = CubicCurve.TimeToPlateauNs(plateau, plateau * 7 / 10, SegmentLength);
                double target = CubicCurve.WindowAt(now - start + rttNs, k, plateau, SegmentLength);
                window += (Math.Clamp(target, window, 1.5 * window) - window) * bytes / window;
            },
            (now, _) =>
            {
                plateau = (long)window;
                start = now;
                window *= 0.7;
            });

        // ns-3: 107 to 123 segments between 11 and 15 s; how far the curve has come depends on when the last drop was.
        Assert.That(windows[11_000..].Max(), Is.LessThanOrEqualTo(123));
    }

    /// <summary>The window in segments, each millisecond.</summary>
    private static double[] Simulate(Func<long> window, Action<Instant, long, long> acknowledge, Action<Instant, long> lose)
    {
        double[] windows = new double[EndMs];
        double delivered = 0;
        int aboveTargetMs = 0;
        for (int ms = 0; ms < EndMs; ms++)
        {
            Instant now = new(ms * Instant.Millisecond);
            double segmentsPerSecond = (ms < 10_000 ? 50e6 : 100e6) / 8 / WireLength;
            double segments = window() / (double)SegmentLength;
            double wait = Math.Max(0, (segments / segmentsPerSecond) - BaseRtt);
            long rttNs = (long)((BaseRtt + wait) * Instant.Second);
            delivered += Math.Min(segmentsPerSecond, segments / BaseRtt) / 1000;
            acknowledge(now, rttNs, (long)delivered * SegmentLength);
            delivered -= (long)delivered;
            aboveTargetMs = wait > QueueTarget ? aboveTargetMs + 1 : 0;
            if (aboveTargetMs == QueueIntervalMs)
            {
                aboveTargetMs = 0;
                lose(now, rttNs);
            }

            windows[ms] = segments;
        }

        return windows;
    }
}
