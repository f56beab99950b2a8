using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Scenarios;

/// <summary>Links that change while data flows: faster, slower, dead for a while, reordering.</summary>
[TestFixture]
[Category("Slow")]
public sealed class PathChangeTests
{
    private const double RttMs = 20;
    private const long SampleNs = 20 * Instant.Millisecond;

    // 10 → 100 Mbit/s: above 80 % of the new rate within so many seconds.
    [TestCase("bbr", 2.4)]
    [TestCase("cubic", 4.0)]
    public void RateStep_Up_IsTakenUp(string congestion, double withinS)
    {
        const double At = 20;
        DirectionSpec link = Flows.Link(10, RttMs, 1) with { Steps = [new StepSpec { AtS = At, RateMbps = 100, QueueKb = 250 }] };
        Simulation simulation = Flows.Create(link, 40, Flows.Bulk(congestion));
        var deliveries = new Deliveries(SampleNs);
        simulation.Observe(deliveries);
        Flows.RunOk(simulation);
        double reachedS = 0;
        while (deliveries.RateMbps(At + reachedS, At + reachedS + 0.2) < 80 && reachedS < 15)
        {
            reachedS += 0.02;
        }

        TestContext.Out.WriteLine($"80 % after {reachedS:F2} s");
        Assert.That(reachedS, Is.LessThanOrEqualTo(withinS));
    }

    // 100 → 5 Mbit/s: the queue of a bandwidth-delay product takes 0.4 s to drain then; a probe time-out is at most about as long.
    [TestCase("bbr")]
    [TestCase("cubic")]
    public void RateStep_Down_NoStreamStallsForLong(string congestion)
    {
        const double At = 15;
        DirectionSpec link = Flows.Link(100, RttMs, 1) with { Steps = [new StepSpec { AtS = At, RateMbps = 5 }] };
        Simulation simulation = Flows.Create(link, 40, new FlowSpec { Congestion = congestion, Streams = [new StreamSpec(), new StreamSpec { Mode = "ru" }, new StreamSpec()] });
        var deliveries = new Deliveries(SampleNs);
        simulation.Observe(deliveries);

        // The probe time-out that holds while the queue drains: round trips are longer then.
        double ptoS = 0;
        simulation.At(At + 1, _ =>
        {
            Core.Stats.PathStatistics path = simulation.Flows[0].Statistics().Path;
            ptoS = ((path.SmoothedRttNs + (4 * path.RttVarianceNs)) / (double)Instant.Second) + 0.01;
        });
        Flows.RunOk(simulation);
        double drainS = 250_000 * 8 / 5e6;
        double stallS = deliveries.LongestStallS(At, 40);
        TestContext.Out.WriteLine($"longest stall {stallS:F2} s, drain {drainS:F2} s, probe time-out {ptoS:F3} s");
        Assert.That(stallS, Is.LessThanOrEqualTo(drainS + (3 * ptoS)));
    }

    // The probe time-out backs off to at most 2 s, so the transfer goes on so long after the link is back, and nothing is lost for good.
    [TestCase("bbr", 2)]
    [TestCase("bbr", 20)]
    [TestCase("cubic", 2)]
    [TestCase("cubic", 20)]
    public void Outage_InMidTransfer_GoesOnWhenTheLinkIsBack(string congestion, double forS)
    {
        const double At = 5;
        DirectionSpec link = Flows.Link(10, RttMs, 1) with { Outages = [new OutageSpec { AtS = At, ForS = forS }] };
        Simulation simulation = Flows.Create(link, 120, new FlowSpec { Congestion = congestion, Streams = [new StreamSpec { Bytes = 20_000_000 }, new StreamSpec { Mode = "ru", Bytes = 5_000_000 }] });
        var deliveries = new Deliveries(10 * Instant.Millisecond);
        simulation.Observe(deliveries);
        SimulationResult result = Flows.RunOk(simulation);
        double backS = At + forS;
        double waitedS = 0;
        while (deliveries.Between(backS, backS + waitedS).Sum() == 0 && waitedS < 30)
        {
            waitedS += 0.01;
        }

        TestContext.Out.WriteLine($"went on after {waitedS:F2} s, complete after {result.Flows[0].CompletedS:F2} s");
        Assert.That(waitedS, Is.LessThanOrEqualTo(2 + (3 * RttMs / 1000)));
        Assert.That(result.Flows[0].CompletedS, Is.Not.Null);
        Assert.That(deliveries.RateMbps(backS + 5, backS + 10), Is.GreaterThan(7), "the rate is back as well");
    }

    // A tenth of the packets come up to half a round trip late.
    [TestCase("bbr", 20)]
    [TestCase("cubic", 20)]
    [TestCase("bbr", 100)]
    [TestCase("cubic", 100)]
    public void Reordering_OfATenthByHalfARoundTrip_IsNotTakenForLoss(string congestion, double rateMbps)
    {
        const double Rtt = 50;
        DirectionSpec link = Flows.Link(rateMbps, Rtt, 1) with { Reorder = 0.1, ReorderDelayMs = Rtt / 2 };
        Simulation simulation = Flows.Create(link, 20, Flows.Bulk(congestion));
        ulong spurious = 0;
        ulong sent = 0;
        long bytes = 0;
        simulation.At(1, _ =>
        {
            spurious = simulation.Flows[0].Statistics().Path.SpuriousLosses;
            sent = simulation.Flows[0].Statistics().Path.PacketsSent;
            bytes = simulation.Link.Counters.Bytes;
        });
        SimulationResult result = Flows.RunOk(simulation);
        double share = (double)(result.Flows[0].SpuriousRetransmits - spurious) / (result.Flows[0].SentPackets - sent);
        double utilisation = (simulation.Link.Counters.Bytes - bytes) / (rateMbps * 1e6 / 8 * 19);
        TestContext.Out.WriteLine($"spurious {share:P2}, utilisation {utilisation:F3}, in the first second {spurious}");
        Assert.That(share, Is.LessThanOrEqualTo(0.01));
        Assert.That(utilisation, Is.GreaterThanOrEqualTo(0.9));
    }
}
