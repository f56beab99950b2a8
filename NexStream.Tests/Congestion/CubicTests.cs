using CsCheck;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>Growth and reduction of the window (RFC 9438, RFC 9002 §7).</summary>
[TestFixture]
public sealed class CubicTests
{
    private const int FrameLength = CubicHarness.FrameLength;
    private const long RttNs = CubicHarness.RttNs;

    [Test]
    public void Reset_InitialWindow_IsTakenAndUnpaced()
    {
        CubicHarness path = new();

        Assert.Multiple(() =>
        {
            Assert.That(path.Window, Is.EqualTo(10 * FrameLength));
            Assert.That(path.Cubic.SlowStartThreshold, Is.EqualTo(long.MaxValue));
            Assert.That(path.Cubic.PacingRate, Is.Zero, "no RTT sample: the initial window may leave at once");
        });
    }

    [Test]
    public void Reset_InitialWindowTooSmallOrLarge_IsBounded()
    {
        Assert.That(new CubicHarness(initialWindow: 0).Window, Is.EqualTo(2 * FrameLength));
        Assert.That(new CubicHarness(initialWindow: long.MaxValue).Window, Is.EqualTo(CubicCurve.WindowLimit));
    }

    [Test]
    public void FrameLength_NotPositive_IsMisuse()
    {
        CubicHarness path = new();
        Assert.That(() => path.Cubic.OnFrameLengthChanged(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => path.Cubic.Reset(default), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    // RFC 9002 §7.3.1.
    [Test]
    public void Acknowledged_InSlowStart_GrowsByTheBytes()
    {
        CubicHarness path = new();
        path.Advance(RttNs);
        path.Acknowledge(3 * FrameLength);

        Assert.That(path.Window, Is.EqualTo(13 * FrameLength));
    }

    [Test]
    public void Acknowledged_AcrossTheThreshold_SlowStartEndsThere()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Lose(FrameLength, path.Now, isPersistent: true);
        long threshold = path.Cubic.SlowStartThreshold;
        Assert.That((path.Window, threshold), Is.EqualTo((2L * FrameLength, 70L * FrameLength)));

        path.Advance(RttNs);
        path.Acknowledge(75 * FrameLength);

        Assert.That(path.Window, Is.GreaterThanOrEqualTo(threshold).And.LessThan(threshold + FrameLength));
    }

    [Test]
    public void Lost_FirstTime_ReducesToSevenTenths()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Lose(FrameLength, path.Now + -RttNs);

        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));
        Assert.That(path.Cubic.SlowStartThreshold, Is.EqualTo(70 * FrameLength));
    }

    // RFC 9002 §7.3.2: one reduction per round trip.
    [Test]
    public void Lost_SentBeforeTheReduction_ReducesOnlyOnce()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        Instant reducedAt = path.Now;
        path.Lose(FrameLength, reducedAt + -RttNs);
        path.Advance(RttNs / 2);
        path.Lose(FrameLength, reducedAt);
        path.Cubic.OnCongestionExperienced(path.Now, reducedAt, 3);
        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));

        path.Lose(FrameLength, reducedAt + 1);
        Assert.That(path.Window, Is.EqualTo(49 * FrameLength));
    }

    [Test]
    public void Acknowledged_SentBeforeTheReduction_DoesNotGrow()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Lose(FrameLength, path.Now + -RttNs);
        path.Advance(RttNs);
        path.Acknowledge(50 * FrameLength, sentAgoNs: RttNs);
        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));

        path.Advance(1);
        path.Acknowledge(50 * FrameLength, sentAgoNs: RttNs);
        Assert.That(path.Window, Is.GreaterThan(70 * FrameLength));
    }

    [Test]
    public void Lost_AgainAndAgain_NeverBelowTwoPackets()
    {
        CubicHarness path = new();
        for (int i = 0; i < 20; i++)
        {
            path.Advance(RttNs);
            path.Lose(FrameLength, path.Now);
        }

        Assert.That(path.Window, Is.EqualTo(2 * FrameLength));
    }

    // RFC 9002 §7.6.2 and RFC 9438 §4.8.
    [Test]
    public void Lost_PersistentCongestion_CollapsesAndGrowsOnItsOwnPlateau()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Lose(FrameLength, path.Now + -RttNs, isPersistent: true);
        Assert.That(path.Window, Is.EqualTo(2 * FrameLength));

        while (path.Window < path.Cubic.SlowStartThreshold)
        {
            path.Round();
        }

        long start = path.Window;
        path.Round();

        // A plateau of 100 packets would pull the window up by several packets in the first round trip; its own plateau does not.
        Assert.That(path.Window - start, Is.LessThan(2 * FrameLength));
    }

    [Test]
    public void CongestionExperienced_NewRoundTrip_ReducesAsLossDoes()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Acknowledge(0);
        path.Cubic.OnCongestionExperienced(path.Now, path.Now + -RttNs, 1);

        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));
        Assert.That(path.Cubic.PacingRate, Is.EqualTo(70 * FrameLength * 10 * 5 / 4), "the rate follows at once");
    }

    // RFC 9438 §4.2: the window follows W(t + RTT); figures W(1 s) = 86.6808 and W(2 s) = 95.6403 of W_max 100 (computed). The round trip
    // is short enough here that Reno's share would be larger, so the path is given a long one.
    [TestCase(1, 86.6808)]
    [TestCase(2, 95.6403)]
    public void Acknowledged_AfterReduction_FollowsTheCurve(int seconds, double packets)
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Lose(FrameLength, path.Now);
        path.Advance(RttNs + 1);
        for (int i = 0; i < seconds * 100; i++)
        {
            path.Acknowledge(path.Window / 10);
            path.Advance(Instant.Second / 100);
        }

        // The window closes in on the curve of one round trip ahead by a tenth each hundredth of a second: it is on the curve within a packet.
        Assert.That(path.Window / (double)FrameLength, Is.EqualTo(packets).Within(1.0));
    }

    // RFC 9438 §4.2: the target is at most 1.5 windows. One round trip of acknowledgements makes at most that of it.
    [Test]
    public void Acknowledged_CurveFarAhead_GrowsByHalfAtMost()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Lose(FrameLength, path.Now);
        path.Advance(2 * RttNs);
        path.Acknowledge(FrameLength);
        path.Advance(60 * Instant.Second);
        long before = path.Window;
        path.Acknowledge(before);
        Assert.That(path.Window, Is.EqualTo(before + (before / 2)));

        path.Acknowledge(100 * path.Window);
        Assert.That(path.Window, Is.LessThanOrEqualTo((before + (before / 2)) * 3 / 2), "a huge batch does not go beyond the target");
    }

    [Test]
    public void FrameLength_Grows_KeepsTwoPacketsOfWindow()
    {
        CubicHarness path = new(0);
        path.Cubic.OnFrameLengthChanged(9000);

        Assert.That(path.Window, Is.EqualTo(18_000));
    }

    // RFC 9002 §7.7: 1.25 windows a round trip; Linux: twice the window in slow start.
    [Test]
    public void PacingRate_InSlowStartAndAfter_FollowsTheWindow()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Acknowledge(0);
        Assert.That(path.Cubic.PacingRate, Is.EqualTo(2 * 100 * FrameLength * 10));

        path.Lose(FrameLength, path.Now);
        Assert.That(path.Cubic.PacingRate, Is.EqualTo(70 * FrameLength * 10 * 5 / 4));
    }

    [TestCase(CubicCurve.WindowLimit, 1L, long.MaxValue)]
    [TestCase(0L, long.MaxValue, 1L, Description = "0 would mean that nothing is paced")]
    public void PacingRate_ExtremeRtt_IsBounded(long window, long rttNs, long rate)
    {
        Cubic cubic = new();
        cubic.Reset(new CongestionParameters { FrameLength = FrameLength, InitialWindow = window });
        cubic.OnAcknowledged(new AcknowledgedBatch { Now = Instant.Zero, SmoothedRttNs = rttNs });

        Assert.That(cubic.PacingRate, Is.EqualTo(rate));
    }

    // Attack 29 and misuse of the public interface: nothing overflows, the window stays within its limits.
    [Test]
    public void Calls_ExtremeValues_KeepTheWindowInBounds()
    {
        long[] extremes = [long.MinValue, -1, 0, 1, 30_000 * Instant.Second, long.MaxValue];
        Gen<long> extreme = Gen.Int[0, extremes.Length - 1].Select(i => extremes[i]);
        Gen.Select(extreme, extreme, extreme, Gen.Int[0, 5]).Array[1, 40].Sample(calls =>
        {
            Cubic cubic = new();
            cubic.Reset(CongestionParameters.ForPath(Instant.Zero, 1200));
            foreach ((long a, long b, long c, int call) in calls)
            {
                Instant now = new(a);
                Instant sentAt = new(b);
                switch (call)
                {
                    case 0:
                        cubic.OnPacketsSent(now, 1200, b, 1, c > 0);
                        break;
                    case 1:
                        cubic.OnLost(new LostBatch { Now = now, LargestLostSentAt = sentAt, LostBytes = Math.Clamp(c, 0, 1 << 20), PersistentCongestion = c < 0 });
                        break;
                    case 2:
                        cubic.OnCongestionExperienced(now, sentAt, 1);
                        break;
                    case 3:
                        cubic.OnSpuriousLoss(now, sentAt, Math.Clamp(c, 0, 1 << 20));
                        break;
                    default:
                        cubic.OnAcknowledged(new AcknowledgedBatch { Now = now, LargestAcknowledgedSentAt = sentAt, AcknowledgedBytes = c, SmoothedRttNs = a });
                        break;
                }
            }

            return cubic.CongestionWindow is >= 2400 and <= CubicCurve.WindowLimit && cubic.PacingRate >= 0 && cubic.SlowStartThreshold >= 2400;
        });
    }
}
