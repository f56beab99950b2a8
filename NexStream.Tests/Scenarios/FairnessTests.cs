using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Scenarios;

/// <summary>How flows share a link, and streams a flow.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class FairnessTests
{
    // At least eight frames of bandwidth-delay product for each flow; 120 s, judged over the second half, starts spread over a second.
    [TestCase("cubic", 2, 5, 0.95)]
    [TestCase("cubic", 8, 10, 0.95)]
    [TestCase("cubic", 32, 40, 0.95)]
    [TestCase("bbr", 2, 5, 0.95)]
    [TestCase("bbr", 8, 10, 0.95)]
    [TestCase("bbr", 32, 40, 0.90)]
    [Category("Slow")]
    public void EqualFlows_SecondHalf_ShareEqually(string congestion, int count, double rateMbps, double bound)
    {
        const double RttMs = 80;
        for (ulong seed = 1; seed <= Flows.Seeds; seed++)
        {
            var random = new SimulationRandom(seed);
            FlowSpec[] flows = [.. Enumerable.Range(0, count).Select(_ => Flows.Bulk(congestion) with { StartS = random.NextDouble() })];
            var simulation = new Simulation(new Scenario { Seed = seed, DurationS = 120, Link = Flows.Link(rateMbps, RttMs, 1), Flows = flows });
            var deliveries = new Deliveries(Instant.Second);
            simulation.Observe(deliveries);
            Flows.RunOk(simulation);
            double jain = SimulationResult.JainOf([.. deliveries.Between(60, 120).Select(bytes => (double)bytes)]);
            TestContext.Out.WriteLine($"seed {seed}: Jain {jain:F3}");
            Assert.That(jain, Is.GreaterThanOrEqualTo(bound), $"seed {seed}");
        }
    }

    [TestCase("cubic")]
    [TestCase("bbr")]
    public void EqualStreams_OfAllReliableModes_ShareEqually(string congestion)
    {
        StreamSpec[] streams = [.. Enumerable.Range(0, 8).Select(i => new StreamSpec { Mode = i % 2 == 0 ? "ro" : "ru", Message = 1200 })];
        long[] bytes = Share(congestion, streams, "weighted");
        Assert.That(SimulationResult.JainOf([.. bytes.Select(b => (double)b)]), Is.GreaterThanOrEqualTo(0.99));
    }

    // Priority p has weight p + 1.
    [Test]
    public void WeightedStreams_OneTwoFour_GetTheirShares([Values("ro", "ru", "be")] string mode)
    {
        byte[] priorities = [1, 3, 7];
        long[] bytes = Share("cubic", [.. priorities.Select(p => new StreamSpec { Mode = mode, Priority = p, Message = 1000 })], "weighted");
        TestContext.Out.WriteLine(string.Join(' ', bytes));
        Assert.That((double)bytes[1] / bytes[0], Is.EqualTo(2).Within(10).Percent);
        Assert.That((double)bytes[2] / bytes[0], Is.EqualTo(4).Within(10).Percent);
    }

    // A flood of the highest priority: the lowest gets one part of 1 + 4 · 16.
    [Test]
    public void LowPriority_UnderAFloodOfHigh_GetsItsWeight()
    {
        StreamSpec[] streams = [new StreamSpec { Priority = 0 }, .. Enumerable.Range(0, 4).Select(i => new StreamSpec { Priority = 15, Mode = i % 2 == 0 ? "ro" : "ru" })];
        long[] bytes = Share("cubic", streams, "weighted");
        Assert.That((double)bytes[0] / bytes.Sum(), Is.EqualTo(1.0 / 65).Within(15).Percent);
    }

    [Test]
    public void StrictPriority_HighestHasWork_GoesFirst()
    {
        long[] bytes = Share("cubic", [new StreamSpec { Priority = 2 }, new StreamSpec { Priority = 9 }], "strict");
        Assert.That((double)bytes[1] / bytes.Sum(), Is.GreaterThan(0.98));
    }

    private static long[] Share(string congestion, StreamSpec[] streams, string scheduling)
    {
        Simulation simulation = Flows.Create(Flows.Link(20, 40, 1), 30, new FlowSpec { Congestion = congestion, Streams = streams, Scheduling = scheduling });
        var deliveries = new Deliveries(Instant.Second);
        simulation.Observe(deliveries);
        Flows.RunOk(simulation);
        return deliveries.Between(5, 30);
    }
}
