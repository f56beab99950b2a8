using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>ProbeRTT and idleness: the test cases of the draft's appendix.</summary>
[TestFixture]
public sealed class BbrProbeRttTests
{
    // "Entering and Exiting PROBE_RTT".
    [Test]
    public void ProbeRtt_FiveSecondsWithoutALowerRoundTrip_HappensAndEnds()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.RunTo(BbrPhase.ProbeRtt);
        Instant entered = path.Link.Now;
        Assert.That(entered - Instant.Zero, Is.InRange(6 * Instant.Second, 7 * Instant.Second), "the flow began after one second");
        long window = path.State.Window;
        long bandwidth = path.State.MaxBandwidth.Max;
        Assert.That(window, Is.EqualTo(path.State.Bdp / 2).Within(1).Percent);
        Assert.That(path.RunOut(BbrPhase.ProbeRtt), Is.EqualTo(BbrPhase.ProbeBandwidthCruise));
        Assert.Multiple(() =>
        {
            Assert.That(path.Link.Now - entered, Is.InRange(200 * Instant.Millisecond, 400 * Instant.Millisecond));
            Assert.That(path.State.Window, Is.GreaterThan(path.State.Bdp), "the window is what it was");
            Assert.That(path.State.MaxBandwidth.Max, Is.EqualTo(bandwidth), "the little that was sent says nothing about the bandwidth");
            Assert.That(path.State.MinRtt.Ns, Is.EqualTo(path.Link.RttNs).Within(1).Percent);
        });
        Assert.That(path.Utilisation(Instant.Second), Is.GreaterThan(0.95));
    }

    [Test]
    public void ProbeRtt_RoundTripBecomesLonger_IsFoundOut()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.Link.RttNs *= 2;
        path.Link.RunFor(16 * Instant.Second);
        Assert.That(path.State.MinRtt.Ns, Is.EqualTo(path.Link.RttNs).Within(5).Percent);
        Assert.That(path.Utilisation(4 * Instant.Second), Is.GreaterThan(0.9));
    }

    // "Skipping PROBE_RTT Due to Application-Limited Sending".
    [Test]
    public void ProbeRtt_AfterAnIdlePeriod_IsSkipped()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.Flow.LimitApplication(0, 0);
        path.Link.RunFor(6 * Instant.Second);
        Assert.That(path.Flow.BytesInFlight, Is.Zero);
        path.Flow.UnlimitApplication();
        Assert.That(path.State.IsIdleRestart, Is.True);
        Assert.That(path.Flow.Bbr.PacingRate, Is.EqualTo(path.State.Bandwidth * 0.99).Within(1).Percent, "§5.4.1: at the bandwidth, neither more nor less");
        Assert.That(path.Link.RunUntil(() => path.Phase == BbrPhase.ProbeRtt, 3 * Instant.Second), Is.False);
        Assert.That(path.State.IsIdleRestart, Is.False);
    }

    // §5.4.1: a connection that fell silent in ProbeRTT has done what ProbeRTT is for.
    [Test]
    public void ProbeRtt_SilentUntilItIsOver_EndsWithTheFirstPacket()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.RunTo(BbrPhase.ProbeRtt);
        path.RunTo(() => path.State.ProbeRtt.IsRunning, "a drained pipe");
        path.Flow.LimitApplication(0, 0);
        path.Link.RunFor(Instant.Second);
        if (path.Phase == BbrPhase.ProbeRtt)
        {
            path.Flow.UnlimitApplication();
        }

        Assert.That(path.Phase, Is.EqualTo(BbrPhase.ProbeBandwidthCruise));
    }
}
