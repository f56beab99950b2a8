using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Observation;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>What is sampled for a picture is what there was.</summary>
[TestFixture]
public sealed class PlotSamplerTests
{
    [TestCase(0.1, 1)]
    [TestCase(20, 20)]
    [TestCase(5000, 1000)]
    public void Interval_OfADuration_IsAThousandthWithinBounds(double seconds, long expectedMs)
    {
        Scenario scenario = Read("""{ "link": { "rate_mbps": 1 }, "flows": [ {} ] }""") with { DurationS = seconds };
        Assert.That(SamplingInterval.Of(scenario), Is.EqualTo(expectedMs * Instant.Millisecond));
    }

    [Test]
    public void Samples_OfARun_AreEvenlySpacedAndEndWithIt()
    {
        (Simulation simulation, Sampler sampler) = Run("""{ "duration_s": 2, "link": { "rate_mbps": 10, "delay_ms": 10 }, "flows": [ {}, { "start_s": 0.5 } ] }""");
        Assert.That(sampler.Link.Select(s => s.At), Is.EqualTo(Enumerable.Range(0, 1001).Select(i => i * 2 * Instant.Millisecond)));
        Assert.That(sampler.Link[^1].At, Is.EqualTo(simulation.Now));
        Assert.That(sampler.Flows.Select(f => f.Count), Is.All.EqualTo(1001));
        Assert.That(sampler.Flows[1].TakeWhile(s => !s.IsActive).Count(), Is.EqualTo(250).Within(1), "the second flow begins at 0.5 s");
    }

    [Test]
    public void Samples_OfAFlowThatCompletes_EndWithIt()
    {
        (Simulation simulation, Sampler sampler) = Run(
            """{ "duration_s": 10, "link": { "rate_mbps": 10, "delay_ms": 10 }, "flows": [ { "streams": [ { "bytes": 100000 } ] }, { "streams": [ { "bytes": 1000000 } ] } ] }""");
        long completedAt = simulation.Flows[0].CompletedAt!.Value;
        long lastActive = sampler.Link.Where((_, i) => sampler.Flows[0][i].IsActive).Max(s => s.At);
        Assert.That(lastActive, Is.LessThanOrEqualTo(completedAt).And.GreaterThan(completedAt - (2 * sampler.IntervalNs)));
        Assert.That(sampler.Flows[0][^1].DeliveredBytes, Is.EqualTo(100_000));
        Assert.That(sampler.Link[^1].At, Is.EqualTo(simulation.Now), "the last sample is of the end");
    }

    [Test]
    public void Samples_OfALink_FollowItsSteps()
    {
        (_, Sampler sampler) = Run(
            """{ "duration_s": 2, "link": { "rate_mbps": 10, "delay_ms": 10, "queue_kb": 30, "steps": [ { "at_s": 1, "rate_mbps": 5, "queue_kb": 20 } ] }, "flows": [ {} ] }""");
        Assert.That((sampler.Link[400].Rate, sampler.Link[400].QueueLimit), Is.EqualTo((1_250_000L, 30_000L)));
        Assert.That((sampler.Link[600].Rate, sampler.Link[600].QueueLimit), Is.EqualTo((625_000L, 20_000L)));
        Assert.That(sampler.Link.Max(s => s.Queued), Is.InRange(25_000L, 30_000L), "the queue was full");
    }

    [Test]
    public void Counts_OfAllFlows_AreTheLinksCounts()
    {
        (Simulation simulation, Sampler sampler) = Run(
            """{ "duration_s": 5, "link": { "rate_mbps": 5, "delay_ms": 10, "queue_kb": 15, "loss": 0.02, "corrupt": 0.01 }, "flows": [ {}, {} ] }""");
        Assert.That(sampler.Flows.Sum(f => f[^1].Dropped), Is.EqualTo(simulation.Link.Counters.Dropped).And.GreaterThan(0));
        Assert.That(sampler.Flows.Sum(f => f[^1].Lost), Is.EqualTo(simulation.Link.Counters.Lost + simulation.Link.Counters.Corrupted).And.GreaterThan(0));
    }

    [Test]
    public void RoundTrips_OfAnEmptyPath_AreTwiceItsDelay()
    {
        (_, Sampler sampler) = Run(
            """{ "duration_s": 2, "link": { "rate_mbps": 100, "delay_ms": 25 }, "flows": [ { "streams": [ { "rate_mbps": 1 } ] } ] }""");
        FlowSample end = sampler.Flows[0][^1];
        Assert.That(sampler.Flows[0][0].SmoothedRttNs, Is.Zero, "nothing was measured yet");
        Assert.That(new[] { end.SmoothedRttNs, end.LatestRttNs, end.MinRttNs }, Is.All.InRange(50 * Instant.Millisecond, 52 * Instant.Millisecond));
    }

    private static Scenario Read(string json) => ScenarioReader.Read(json);

    private static (Simulation Simulation, Sampler Sampler) Run(string json)
    {
        var simulation = new Simulation(Read(json));
        var sampler = Sampler.Attach(simulation);
        simulation.Run();
        sampler.Finish();
        return (simulation, sampler);
    }
}
