using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>Paths that change, lose, police, mark or are polled seldom: the draft's test cases, and what the library asks of a controller.</summary>
[TestFixture]
public sealed class BbrPathChangeTests
{
    // "Increasing Bandwidth 10x and Ensuring Full Bandwidth is Reached".
    [TestCase(10.0)]
    [TestCase(0.5)]
    public void Rate_TenTimesMore_IsReached(double queueBdps)
    {
        Scenario path = new(megabits: 10, rttMs: 20, queueBdps);
        path.Link.RunFor(4 * Instant.Second);
        Assert.That(path.State.LongTerm.IsKnown, Is.EqualTo(queueBdps < 1), "once with, once without a bound that has to grow");
        path.Link.Rate *= 10;
        path.Link.QueueLimit *= 10;
        path.Link.RunFor(2400 * Instant.Millisecond);
        Assert.That(path.Utilisation(Instant.Second), Is.GreaterThan(0.8));
    }

    // "Decreasing Bandwidth 10x and Ensuring Max Bandwidth Adapts Down".
    [Test]
    public void Rate_TenTimesLess_IsFollowed()
    {
        Scenario path = new(megabits: 100, rttMs: 20, queueBdps: 1);
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.Link.Rate /= 10;
        path.Link.QueueLimit /= 10;
        path.RunTo(() => path.State.ShortTerm.Bandwidth < path.Link.Rate * 2, "an answer to the losses");
        Assert.That(path.State.MaxBandwidth.Max, Is.GreaterThan(path.Link.Rate * 9), "it came before the filter forgot");
        path.RunTo(() => path.State.MaxBandwidth.Max < path.Link.Rate * 105 / 100, "the new bandwidth");
        Assert.That(path.Link.Now - Instant.Zero, Is.LessThan(16 * Instant.Second), "two cycles");
        Assert.That(path.Utilisation(5 * Instant.Second), Is.GreaterThan(0.9));
    }

    // "Handling Token Bucket Policers".
    [Test]
    public void Policer_Exhausted_IsAdaptedTo()
    {
        Scenario path = new(megabits: 100, rttMs: 40);
        path.Link.PolicerBurst = 2_000_000;
        path.Link.PolicedRate = 1_250_000;
        bool isAnswered = false;
        path.Flow.Acknowledged = () => isAnswered |= path.State.ShortTerm.Bandwidth != BbrConstants.Unlimited;
        path.Link.RunFor(20 * Instant.Second);
        long sent = path.Flow.SentBytes;
        long delivered = path.Flow.Delivered;
        long dropped = path.Link.Dropped;
        path.Link.RunFor(20 * Instant.Second);
        Assert.Multiple(() =>
        {
            Assert.That(isAnswered, Is.True);
            Assert.That((path.Flow.Delivered - delivered) / 20.0, Is.EqualTo(path.Link.PolicedRate).Within(10).Percent);
            Assert.That((path.Link.Dropped - dropped) * 1500.0 / (path.Flow.SentBytes - sent), Is.LessThan(0.1));
        });
    }

    [Test]
    public void RandomLoss_OnePercent_CostsLittle()
    {
        Scenario path = new(megabits: 50, rttMs: 40, queueBdps: 1);
        path.Link.LossPerMillion = 10_000;
        path.Link.RunFor(2 * Instant.Second);
        Assert.That(path.Utilisation(30 * Instant.Second), Is.GreaterThan(0.9));
    }

    // §5.5.10.3: beyond the loss threshold the short-term model answers each round.
    [Test]
    public void RandomLoss_FivePercent_IsAnswered()
    {
        Scenario path = new(megabits: 50, rttMs: 40, queueBdps: 1);
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.Link.LossPerMillion = 50_000;
        path.RunRounds(5);
        Assert.That(path.State.ShortTerm.Bandwidth, Is.LessThan(path.State.MaxBandwidth.Max));
        Assert.That(path.State.ShortTerm.Inflight, Is.LessThan(BbrConstants.Unlimited));
    }

    [TestCase(1, 100, 4.0)]
    [TestCase(10, 20, 0.5)]
    [TestCase(100, 2, 0.5)]
    [TestCase(100, 2, 1.0)]
    [TestCase(100, 20, 1.0)]
    [TestCase(100, 100, 0.5)]
    public void Utilisation_AfterTenRoundTrips_IsHigh(int megabits, int rttMs, double queueBdps)
    {
        Scenario path = new(megabits, rttMs, queueBdps);
        path.Link.RunFor(10 * path.Link.RttNs);
        Assert.That(path.Utilisation(10 * Instant.Second), Is.GreaterThan(0.9));
    }

    [Test]
    public void DeepQueue_InTheLongRun_StaysShort()
    {
        Scenario path = new(megabits: 100, rttMs: 20, queueBdps: 4);
        path.Link.RunFor(Instant.Second);
        path.Link.WaitsNs.Clear();
        path.Link.RunFor(10 * Instant.Second);
        path.Link.WaitsNs.Sort();
        Assert.That(path.Link.WaitsNs[path.Link.WaitsNs.Count * 99 / 100], Is.LessThan(path.Link.RttNs * 4 / 3), "a third of the queue");
        Assert.That(path.Link.WaitsNs[path.Link.WaitsNs.Count / 2], Is.LessThan(path.Link.RttNs / 10));
    }

    [Test]
    public void Polled_SixtyTimesASecond_FillsTheLink()
    {
        Scenario path = new(megabits: 100, rttMs: 20, queueBdps: 1, pollNs: 16_700_000);
        path.Link.RunFor(2 * Instant.Second);
        Assert.That(path.Utilisation(10 * Instant.Second), Is.GreaterThan(0.9));
    }

    // §3.7: marks are congestion. With a threshold of a quarter BDP the queue does not get near what it is without.
    [Test]
    public void Marks_InsteadOfLoss_EndProbesAndStartup()
    {
        Scenario path = new(megabits: 100, rttMs: 20, queueBdps: 4);
        path.Link.MarkAbove = path.Link.Bdp / 4;
        path.RunTo(() => path.State.FullPipe.IsReached, "the end of Startup");
        Assert.That(path.State.LongTerm.IsKnown, Is.True, "it was not a plateau that ended it");
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.RunTo(() => path.State.WasProbeTooHigh, "a probe that is marked");
        path.Link.WaitsNs.Clear();
        Assert.That(path.Utilisation(10 * Instant.Second), Is.GreaterThan(0.85));
        path.Link.WaitsNs.Sort();
        Assert.That(path.Link.WaitsNs[path.Link.WaitsNs.Count * 99 / 100], Is.LessThan(path.Link.RttNs * 3 / 4));
    }

    [Test]
    public void Marks_WhileCruising_LowerTheShortTermModel()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.RunRounds(2);
        path.Link.MarkAbove = 0;
        path.RunRounds(20);
        Assert.That(path.State.ShortTerm.Bandwidth, Is.LessThan(path.Link.Rate * 97 / 100), "it falls by the pacing margin, round by round");
        Assert.That(path.Flow.LostBytes, Is.Zero);
    }

    // 32 flows that begin within a tenth of a second.
    [Test]
    public void ManyFlows_OverOneBottleneck_ShareIt()
    {
        Bottleneck link = new() { Rate = 12_500_000, RttNs = 20 * Instant.Millisecond };
        link.QueueLimit = link.Bdp;
        Flow[] flows = new Flow[32];
        for (int i = 0; i < flows.Length; i++)
        {
            Flow flow = flows[i] = new Flow(link, seed: (ulong)i);
            link.At(link.Now + (long)(Lots.Draw(3, (ulong)i) % (ulong)(100 * Instant.Millisecond)), flow.Start);
        }

        link.RunFor(5 * Instant.Second);
        long[] before = [.. flows.Select(flow => flow.Delivered)];
        link.RunFor(15 * Instant.Second);
        double[] shares = [.. flows.Select((flow, i) => (double)(flow.Delivered - before[i]))];
        double jain = shares.Sum() * shares.Sum() / (shares.Length * shares.Sum(share => share * share));
        Assert.That(jain, Is.GreaterThan(0.9));
        Assert.That(shares.Sum(), Is.GreaterThan(0.9 * link.Rate * 15));
    }
}
