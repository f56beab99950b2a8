using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>The phases of ProbeBW: the test cases of the draft's appendix.</summary>
[TestFixture]
public sealed class BbrProbeBandwidthTests
{
    // "Exiting PROBE_UP on Bandwidth Plateau".
    [Test]
    public void Up_BandwidthPlateau_EndsInDown()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthUp);
        long round = path.State.Round.Count;
        Assert.That(path.Flow.Bbr.PacingRate, Is.EqualTo(path.State.Bandwidth * 1.25 * 0.99).Within(1).Percent);
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthUp), Is.EqualTo(BbrPhase.ProbeBandwidthDown));
        Assert.Multiple(() =>
        {
            Assert.That(path.State.FullPipe.IsNow, Is.True);
            Assert.That(path.State.FullPipe.Count, Is.EqualTo(3));
            Assert.That(path.State.Round.Count, Is.GreaterThanOrEqualTo(round + 3));
            Assert.That(path.State.WasProbeTooHigh, Is.False);
        });
    }

    // "Exiting PROBE_UP on Loss When Application-Limited". The pseudocode lowers the bound only by samples of the path, not of the application.
    [Test]
    public void Up_LossWhenApplicationLimited_EndsInDownAndKeepsTheBound()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthUp);
        path.Flow.LimitApplication(10 * 1500, 10 * Instant.Millisecond);
        path.Link.RunFor(200 * Instant.Millisecond);
        Assert.That(path.Phase, Is.EqualTo(BbrPhase.ProbeBandwidthUp));
        path.Link.LossPerMillion = 200_000;
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthUp), Is.AnyOf(BbrPhase.ProbeBandwidthDown, BbrPhase.ProbeBandwidthCruise), "nothing had to drain");
        Assert.That(path.State.AckPhase, Is.EqualTo(AckPhase.ProbeStopping));
        Assert.That(path.State.WasProbeTooHigh, Is.True);
        Assert.That(path.State.LongTerm.IsKnown, Is.False);
    }

    // "Never Exiting PROBE_UP (or STARTUP) When Application-Limited With No Loss"; only ProbeRTT interrupts it.
    [Test]
    public void Up_ApplicationLimitedWithoutLoss_GoesOn()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthUp);
        path.State.MinRtt.OnProbed(path.Link.Now);
        path.Flow.LimitApplication(10 * 1500, 10 * Instant.Millisecond);
        Assert.That(path.Link.RunUntil(() => path.Phase != BbrPhase.ProbeBandwidthUp, 4 * Instant.Second), Is.False);
    }

    // "Exiting PROBE_DOWN on Inflight".
    [Test]
    public void Down_InflightDownToBoundAndBdp_EndsInCruise()
    {
        Scenario path = new(queueBdps: 0.5);
        path.RunTo(BbrPhase.ProbeBandwidthUp);
        path.RunTo(BbrPhase.ProbeBandwidthDown);
        path.RunTo(() => path.Flow.LastBatch.Now == path.Link.Now && path.Phase == BbrPhase.ProbeBandwidthDown, "an acknowledgement");
        Assert.That(path.Flow.Bbr.PacingRate, Is.EqualTo(path.State.Bandwidth * 0.9 * 0.99).Within(1).Percent);
        bool isTooMuch = false;
        path.Flow.Acknowledged = () => isTooMuch |= path.Phase == BbrPhase.ProbeBandwidthDown && path.State.InFlight > path.State.Bdp;
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthDown), Is.EqualTo(BbrPhase.ProbeBandwidthCruise));
        Assert.Multiple(() =>
        {
            Assert.That(isTooMuch, Is.True, "there was something to drain");
            Assert.That(path.State.LongTerm.IsKnown, Is.True);
            Assert.That(path.Flow.LastBatch.BytesInFlight, Is.LessThanOrEqualTo(path.State.LongTerm.WithHeadroom(1500)));
            Assert.That(path.Flow.LastBatch.BytesInFlight, Is.LessThanOrEqualTo(path.State.Inflight(path.State.MaxBandwidth.Max)));
        });
    }

    // "Exiting PROBE_DOWN After Max Time".
    [Test]
    public void Down_InflightNotDown_EndsInRefillWhenTheTimeIsOver()
    {
        Scenario path = new(queueBdps: 100);
        path.RunTo(BbrPhase.ProbeBandwidthUp);
        path.RunTo(BbrPhase.ProbeBandwidthDown);
        path.State.MinRtt.OnProbed(path.Link.Now);
        path.Link.Rate = path.Link.Rate * 85 / 100;
        Instant start = path.Link.Now;
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthDown), Is.EqualTo(BbrPhase.ProbeBandwidthRefill));
        Assert.That(path.Link.Now - start, Is.InRange(Instant.Second, 3100 * Instant.Millisecond));
    }

    // §5.3.3.3: a round trip at the estimated bandwidth, without what the short-term model says.
    [Test]
    public void Refill_OneRound_EndsInUp()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthRefill);
        long round = path.State.Round.Count;
        Assert.That(path.State.ShortTerm.Bandwidth, Is.EqualTo(BbrConstants.Unlimited));
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthRefill), Is.EqualTo(BbrPhase.ProbeBandwidthUp));
        Assert.That(path.State.Round.Count, Is.EqualTo(round + 1));
        Assert.That(path.State.IsProbeSample, Is.True);
    }

    // "Handling Application-Limited Sending During PROBE_REFILL".
    [Test]
    public void Refill_ApplicationLimited_KeepsTheBandwidthAndGoesOn()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthRefill);
        long bandwidth = path.State.MaxBandwidth.Max;
        path.Flow.LimitApplication(5 * 1500, 10 * Instant.Millisecond);
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthRefill), Is.EqualTo(BbrPhase.ProbeBandwidthUp));
        path.Link.RunFor(Instant.Second);
        Assert.That(path.State.MaxBandwidth.Max, Is.EqualTo(bandwidth).Within(2).Percent);
        path.Flow.UnlimitApplication();
        path.RunTo(BbrPhase.ProbeBandwidthDown);
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        Assert.That(path.State.MaxBandwidth.Max, Is.EqualTo(path.Link.Rate).Within(2).Percent);
    }

    // "Handling Loss During PROBE_UP After inflight_longterm is Set".
    [Test]
    public void Up_LossWithABound_LowersItAndEndsInDown()
    {
        Scenario path = new(queueBdps: 1);
        path.RunTo(() => path.State.LongTerm.IsKnown, "a long-term bound");
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.RunTo(() => path.Phase == BbrPhase.ProbeBandwidthUp && !path.State.WasProbeTooHigh, "a probe after a safe one");
        long bound = path.State.LongTerm.Inflight;
        path.RunRounds(1);
        path.Link.LossPerMillion = 200_000;
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthUp), Is.EqualTo(BbrPhase.ProbeBandwidthDown));
        Assert.Multiple(() =>
        {
            Assert.That(path.State.WasProbeTooHigh, Is.True);
            Assert.That(path.State.LongTerm.Inflight, Is.LessThan(bound));
            Assert.That(path.State.LongTerm.Inflight, Is.GreaterThanOrEqualTo(path.State.TargetInflight * 7 / 10));
        });
    }

    // §5.3.3.6: the probe after one that lost too much stops at the bound, and when that was safe another follows at once.
    [Test]
    public void Up_AfterAProbeThatWentTooFar_StopsAtTheBoundAndThenGoesBeyond()
    {
        Scenario path = new(queueBdps: 0.15);
        path.RunTo(() => path.State.WasProbeTooHigh, "a probe that goes too far");
        path.RunTo(BbrPhase.ProbeBandwidthUp);
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthUp), Is.EqualTo(BbrPhase.ProbeBandwidthDown));
        Assert.That((path.State.WasProbePrecautionary, path.State.WasProbeTooHigh), Is.EqualTo((true, false)));
        Assert.That(path.State.PriorInFlight, Is.GreaterThanOrEqualTo(path.State.LongTerm.Inflight));
        long round = path.State.Round.Count;
        path.RunTo(BbrPhase.ProbeBandwidthRefill);
        Assert.That(path.State.Round.Count, Is.LessThanOrEqualTo(round + 2), "without waiting for the time of the next probe");
    }

    // "Achieving Expected Cruise Bandwidth on a Link With Aggregation".
    [Test]
    public void Cruise_AggregatedAcknowledgements_AreMadeUpForInTheWindow()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.Link.AckSlotNs = 30 * Instant.Millisecond;
        path.RunRounds(5);
        Assert.That(path.State.Aggregation.ExtraAcked, Is.GreaterThan(path.Link.Rate * 20 / 1000), "20 ms of data at least came at once");
        Assert.That(path.State.Window, Is.GreaterThan(2 * path.State.Bdp));
        Assert.That(path.Utilisation(2 * Instant.Second), Is.GreaterThan(0.95));
        path.Link.AckSlotNs = 0;
        path.RunRounds(BbrConstants.ExtraAckedFilterRounds + 2);
        Assert.That(path.State.Aggregation.ExtraAcked, Is.LessThan(path.Link.Rate * 10 / 1000), "ten rounds later it is forgotten");
    }

    // "Correctly Managing Sub-Packet BDPs".
    [Test]
    public void Cruise_BdpBelowAPacket_KeepsFourPacketsAndTheRate()
    {
        Scenario path = new();
        path.Link.Rate = 64_000 / 8;
        path.Link.RttNs = Instant.Millisecond;
        path.RunTo(() => path.State.IsProbingBandwidthCycle, "ProbeBW");
        Assert.That(path.Link.Bdp, Is.LessThan(1500));
        long smallest = long.MaxValue;
        path.Flow.Acknowledged = () => smallest = Math.Min(smallest, path.Flow.Bbr.CongestionWindow);
        Assert.That(path.Utilisation(20 * Instant.Second), Is.GreaterThan(0.9));
        Assert.That(smallest, Is.GreaterThanOrEqualTo(4 * 1500));
        Assert.That(path.State.Bandwidth, Is.EqualTo(path.Link.Rate).Within(5).Percent);
    }
}
