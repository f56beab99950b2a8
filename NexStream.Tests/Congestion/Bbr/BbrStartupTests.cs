using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>Startup and Drain: the test cases of the draft's appendix, in its order, and the initial pacing rate.</summary>
[TestFixture]
public sealed class BbrStartupTests
{
    // §5.6.2: the initial window in a millisecond, then in the first round trip, times 2.77.
    [Test]
    public void Startup_FirstRoundTrip_PacesTheInitialWindowOverIt()
    {
        Scenario path = new();
        long window = path.State.InitialWindow;
        Assert.That(path.Flow.Bbr.PacingRate, Is.EqualTo(window * 277 / 100 * 1000).Within(1000));
        Assert.That(path.Flow.Bbr.SlowStartThreshold, Is.EqualTo(long.MaxValue));
        path.RunTo(() => path.Flow.Acknowledgements == 1, "an acknowledgement");
        long rttNs = path.Flow.LastBatch.RttSampleNs;
        Assert.That(path.Flow.Bbr.PacingRate, Is.EqualTo(window * 2.77 / rttNs * Instant.Second).Within(1).Percent);
    }

    // "Exiting STARTUP on Bandwidth Plateau".
    [Test]
    public void Startup_BandwidthPlateau_EndsInDrain()
    {
        Scenario path = new();
        path.RunTo(() => path.State.FullPipe.IsReached, "a full pipe");
        Assert.Multiple(() =>
        {
            Assert.That(path.State.FullPipe.Count, Is.EqualTo(3));
            Assert.That(path.State.FullPipe.IsNow, Is.True);
            Assert.That(path.State.MaxBandwidth.Max, Is.EqualTo(path.Link.Rate).Within(2).Percent);
            Assert.That(path.Phase, Is.EqualTo(BbrPhase.Drain));
            Assert.That(path.Link.Dropped, Is.Zero);
            Assert.That(path.Flow.Bbr.SlowStartThreshold, Is.Zero);
        });
    }

    // "Exiting STARTUP on Loss When Application-Limited".
    [Test]
    public void Startup_LossWhenApplicationLimited_Ends()
    {
        Scenario path = new();
        path.Flow.LimitApplication(30 * 1500, 10 * Instant.Millisecond);
        path.Link.RunFor(Instant.Second);
        Assert.That(path.Phase, Is.EqualTo(BbrPhase.Startup), "the application's rate is no plateau");
        path.Link.LossPerMillion = 100_000;
        path.RunTo(() => path.State.FullPipe.IsReached, "a full pipe");
        Assert.Multiple(() =>
        {
            Assert.That(path.State.FullPipe.IsNow, Is.True);
            Assert.That(path.State.Sample.IsApplicationLimited, Is.True);
            Assert.That(path.Phase, Is.Not.EqualTo(BbrPhase.Startup));
            Assert.That(path.State.LongTerm.Inflight, Is.GreaterThanOrEqualTo(path.State.Bdp));
        });
    }

    // §5.3.1.3: fewer than six ranges are a burst, not a full pipe.
    [Test]
    public void Startup_OneRangeLost_GoesOn()
    {
        Scenario path = new();
        path.Flow.LimitApplication(30 * 1500, 10 * Instant.Millisecond);
        path.Link.RunFor(500 * Instant.Millisecond);
        ulong from = path.Flow.NextNumber;
        path.Link.Drop = (_, number) => number >= from && number < from + 30;
        path.Link.RunFor(500 * Instant.Millisecond);
        Assert.That(path.Flow.LostBytes, Is.EqualTo(30 * 1500));
        Assert.That(path.Phase, Is.EqualTo(BbrPhase.Startup));
    }

    // Every 64th packet is lost on a long path: by chance more than 2 % of a round, but no sign of a full pipe.
    [Test]
    public void Startup_RandomLossNearTheThreshold_FindsTheBandwidth()
    {
        Scenario path = new(megabits: 200, rttMs: 100, queueBdps: 1);
        path.Link.LossPerMillion = 15_625;
        path.Link.RunFor(3 * Instant.Second);
        Assert.That(path.State.MaxBandwidth.Max, Is.GreaterThan(path.Link.Rate * 9 / 10));
    }

    // "Never Exiting PROBE_UP (or STARTUP) When Application-Limited With No Loss".
    [Test]
    public void Startup_ApplicationLimitedWithoutLoss_GoesOn()
    {
        Scenario path = new();
        path.Flow.LimitApplication(30 * 1500, 10 * Instant.Millisecond);
        Assert.That(path.Link.RunUntil(() => path.Phase is not (BbrPhase.Startup or BbrPhase.ProbeRtt), 12 * Instant.Second), Is.False);
    }

    // "Exiting DRAIN Based on Inflight".
    [Test]
    public void Drain_InflightDownToTheBdp_EndsInProbeBandwidth()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.Drain);
        Assert.That(path.Flow.Bbr.PacingRate, Is.EqualTo(path.State.Bandwidth * 0.5 * 0.99).Within(2).Percent);
        long startRound = path.State.Round.Count;
        Assert.That(path.State.InFlight, Is.GreaterThan(path.State.Inflight(path.State.Bandwidth)));
        Assert.That(path.RunOut(BbrPhase.Drain), Is.AnyOf(BbrPhase.ProbeBandwidthDown, BbrPhase.ProbeBandwidthCruise), "nothing is left to drain");
        Assert.That(path.Flow.LastBatch.BytesInFlight, Is.EqualTo(path.State.Inflight(path.State.Bandwidth)).Within(32 * 1500));
        Assert.That(path.State.Round.Count, Is.LessThanOrEqualTo(startRound + 3));
    }

    // "Exiting DRAIN Based on Time". A tenth less bandwidth would still drain at a gain of one half; six tenths less do not.
    [Test]
    public void Drain_InflightNotDown_EndsAfterThreeRounds()
    {
        Scenario path = new(queueBdps: 100);
        path.RunTo(BbrPhase.Drain);
        path.Link.Rate = path.Link.Rate * 4 / 10;
        long startRound = path.State.DrainStartRound;
        Assert.That(path.RunOut(BbrPhase.Drain), Is.EqualTo(BbrPhase.ProbeBandwidthDown));
        Assert.That(path.State.Round.Count, Is.EqualTo(startRound + 4));
        Assert.That(path.State.InFlight, Is.GreaterThan(path.State.Inflight(path.State.Bandwidth)));
    }

    // "Achieving Expected STARTUP Bandwidth on a Link With Aggregation".
    [Test]
    public void Startup_AggregatedAcknowledgements_FindsTheBandwidth()
    {
        Scenario path = new();
        path.Link.AckSlotNs = 20 * Instant.Millisecond;
        bool isAugmented = false;
        path.Flow.Acknowledged = () => isAugmented |= path.State.Aggregation.ExtraAcked > 20 * 1500 && path.State.Window > 2 * path.State.Bdp;
        path.RunTo(BbrPhase.Drain);
        Assert.That(isAugmented, Is.True);
        Assert.That(path.State.MaxBandwidth.Max, Is.InRange(path.Link.Rate * 95 / 100, path.Link.Rate * 3 / 2), "lumps may look faster than they are (§3.8)");
    }

    // "Entering and Exiting PROBE_RTT During STARTUP".
    [Test]
    public void Startup_ProbeRttBeforeThePipeIsFull_GoesOnAfterwards()
    {
        Scenario path = new();
        path.Flow.LimitApplication(30 * 1500, 10 * Instant.Millisecond);
        path.Link.RunFor(Instant.Second);
        path.Link.RttNs = path.Link.RttNs * 6 / 5;
        path.RunTo(BbrPhase.ProbeRtt);
        Assert.That(path.RunOut(BbrPhase.ProbeRtt), Is.EqualTo(BbrPhase.Startup));
        path.Flow.UnlimitApplication();
        path.RunTo(BbrPhase.Drain);
        Assert.That(path.State.MaxBandwidth.Max, Is.EqualTo(path.Link.Rate).Within(2).Percent);
    }

    // §5.3.1.3, and the window that does not grow while losses are many: without it a queue of half a BDP loses more than 15 %.
    [TestCase(100, 20, 0.14)]
    [TestCase(10, 100, 0.14)]
    public void Startup_QueueOfHalfABdp_LosesLittle(int megabits, int rttMs, double limit)
    {
        Scenario path = new(megabits, rttMs, queueBdps: 0.5);
        path.Link.RunFor(10 * path.Link.RttNs);
        double lost = (double)path.Link.Dropped / path.Flow.NextNumber;
        Assert.That(path.Phase, Is.Not.EqualTo(BbrPhase.Startup));
        Assert.That(lost, Is.GreaterThan(0).And.LessThan(limit));
        path.Link.RunFor(Instant.Second);
        Assert.That((double)path.Link.Dropped / path.Flow.NextNumber, Is.LessThan(0.05));
    }
}
