using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>The average window of a CUBIC flow that loses every n-th packet.</summary>
[TestFixture]
public sealed class CubicAverageWindowTests
{
    private const int FrameLength = 1448;

    // RFC 9438 §5.2, table of the average window at RTT 0.1 s under deterministic loss of every 1/p-th packet, C = 0.4.
    // At p = 1e-2 the Reno-friendly region rules. The formula behind the table knows no fast convergence and no recovery period without
    // growth, both of which make the window a little smaller: 11.4, 182.5 and 5730 here. Near its plateau the curve is so flat that it takes
    // hundreds of losses until the flow has forgotten how it started.
    [TestCase(100, 12)]
    [TestCase(10_000, 187)]
    [TestCase(1_000_000, 5926)]
    public void Window_DeterministicLoss_HasTheAverageOfRfc9438(long packetsPerLoss, double packets)
    {
        const int WarmUpLosses = 600;
        const int MeasuredLosses = 20;
        const long RttNs = 100 * Instant.Millisecond;
        Cubic cubic = Create();
        Instant now = Instant.Zero;
        long untilLoss = packetsPerLoss;
        int losses = 0;
        double sum = 0;
        long rounds = 0;
        while (losses < WarmUpLosses + MeasuredLosses)
        {
            long window = cubic.CongestionWindow;
            if (losses >= WarmUpLosses)
            {
                sum += window;
                rounds++;
            }

            // A round trip in which a window is acknowledged, in up to 16 steps.
            long perStep = Math.Max(1, window / FrameLength / 16);
            long steps = window / FrameLength / perStep;
            for (long step = 0; step < steps; step++)
            {
                now += RttNs / steps;
                Acknowledge(cubic, now, RttNs, perStep * FrameLength);
                untilLoss -= perStep;
                if (untilLoss <= 0)
                {
                    untilLoss += packetsPerLoss;
                    losses++;
                    cubic.OnLost(new LostBatch { Now = now, LostBytes = FrameLength, LostPackets = 1, LargestLostSentAt = now + -RttNs });
                }
            }
        }

        double average = sum / rounds / FrameLength;
        TestContext.Out.WriteLine($"average window {average:F1} packets");
        Assert.That(average, Is.EqualTo(packets).Within(6).Percent);
    }

    private static Cubic Create()
    {
        Cubic cubic = new();
        cubic.Reset(CongestionParameters.ForPath(Instant.Zero, FrameLength));
        return cubic;
    }

    private static void Acknowledge(Cubic cubic, Instant now, long rttNs, long bytes) =>
        cubic.OnAcknowledged(new AcknowledgedBatch
        {
            Now = now,
            AcknowledgedBytes = bytes,
            LargestAcknowledgedSentAt = now + -rttNs,
            PriorBytesInFlight = cubic.CongestionWindow,
            SmoothedRttNs = rttNs,
        });
}
