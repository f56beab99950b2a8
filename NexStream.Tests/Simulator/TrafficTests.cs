using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Simulator.Traffic;

namespace NexStream.Tests.Simulator;

/// <summary>What the applications of a scenario do, and when.</summary>
[TestFixture]
internal sealed class TrafficTests
{
    [Test]
    public void Flows_ThatCompete_ShareTheLink()
    {
        var flow = new FlowSpec();
        SimulationResult result = Scenarios.Run(Scenarios.Of(new DirectionSpec { RateMbps = 20, DelayMs = 10 }, flow, flow) with { DurationS = 15 });

        Assert.That(result.Ok, Is.True);
        Assert.That(result.Jain, Is.GreaterThan(0.9));
        Assert.That(result.Utilisation, Is.InRange(0.85, 1));
        Assert.That(result.Flows.Sum(f => f.GoodputMbps), Is.InRange(15, 20));
    }

    [TestCase("ro", 1.0)]
    [TestCase("ru", 3.0)]
    [TestCase("be", 5.0)]
    public void Rate_OfAStream_IsKept(string mode, double rate)
    {
        SimulationResult result = Scenarios.Run(Scenarios.Of(new DirectionSpec(), new StreamSpec { Mode = mode, RateMbps = rate, Message = 1000 }) with { DurationS = 4 });

        Assert.That(result.Flows[0].GoodputMbps, Is.EqualTo(rate).Within(rate * 0.03));
        Assert.That(result.Flows[0].CompletedS, Is.Null);
        Assert.That(result.Ok, Is.True);
    }

    [Test]
    public void Rate_OfTwoStreams_IsEachOnesOwn()
    {
        StreamSpec[] streams = [new() { RateMbps = 1, Bytes = 250_000 }, new() { RateMbps = 4, Bytes = 1_000_000, Mode = "ru" }];
        SimulationResult result = Scenarios.RunToTheEnd(Scenarios.Of(new DirectionSpec(), streams));

        Assert.That(result.Flows[0].CompletedS, Is.EqualTo(2).Within(0.1));
    }

    [Test]
    public void StartS_OfAFlow_IsWhenItsFirstFrameIsSent()
    {
        Scenario scenario = Scenarios.Of(new DirectionSpec(), new FlowSpec { StartS = 1.5, Streams = [new StreamSpec { Bytes = 1000 }] });
        var simulation = new Simulation(scenario);
        var log = new FrameLog();
        simulation.Link.Observer = log;
        SimulationResult result = simulation.Run();

        Assert.That(log.First, Is.EqualTo(1500 * LinkHarness.Millisecond));

        // The handshake is a round trip of 20 ms, the data half of one.
        Assert.That(result.Flows[0].CompletedS, Is.EqualTo(0.03).Within(0.002));
        Assert.That(result.ElapsedS, Is.EqualTo(1.53).Within(0.002));
    }

    [Test]
    public void StartS_OfAStream_CountsFromItsFlows()
    {
        Scenario scenario = Scenarios.Of(new DirectionSpec(), new FlowSpec { StartS = 1, Streams = [new StreamSpec { Bytes = 1000 }, new StreamSpec { Bytes = 1000, StartS = 0.5 }] });
        var simulation = new Simulation(scenario);
        SimulationResult result = simulation.Run();

        Assert.That(simulation.Flows[0].Streams.Select(s => s.OpenedAt / (double)Instant.Second), Is.EqualTo(new[] { 1.02, 1.5 }).Within(0.002));
        Assert.That(result.Flows[0].CompletedS, Is.EqualTo(0.51).Within(0.002));
    }

    [Test]
    public void After_OfAStream_WaitsUntilTheOtherIsComplete()
    {
        StreamSpec[] streams = [new() { Bytes = 100_000, After = 2 }, new() { Bytes = 100_000 }, new() { Bytes = 100_000, After = 1, Mode = "ru" }];
        var simulation = new Simulation(Scenarios.Of(new DirectionSpec(), streams));
        List<(int Open, bool FirstComplete, bool SecondComplete)> seen = [];
        simulation.Observe(new Watch(s =>
        {
            IReadOnlyList<StreamRecord> records = s.Flows[0].Streams;
            seen.Add((records.Count(r => r.IsOpen), records[1].IsComplete, records[2].IsComplete));
        }));
        SimulationResult result = simulation.Run();

        Assert.That(result.Flows[0].Streams.Select(s => s.Delivered), Is.EqualTo(new[] { 100_000, 100_000, 84 }));
        Assert.That(seen.Where(s => s.Open == 2), Is.Not.Empty.And.All.Matches<(int, bool FirstComplete, bool)>(s => s.FirstComplete));
        Assert.That(seen.Where(s => s.Open == 3), Is.Not.Empty.And.All.Matches<(int, bool, bool SecondComplete)>(s => s.SecondComplete));
        Assert.That(seen.Where(s => s.Open == 1), Is.Not.Empty);
    }

    [TestCase(0)]
    [TestCase(1000)]
    [TestCase(16_667)]
    public void PollUs_OfAFlow_IsWhenItsHostsAreCalled(double pollUs)
    {
        FlowSpec flow = new() { PollUs = pollUs, Streams = [new StreamSpec { Bytes = 2_000_000 }] };
        var simulation = new Simulation(Scenarios.Of(new DirectionSpec { DelayMs = 10.123 }, flow));
        var log = new FrameLog();
        simulation.Link.Observer = log;
        SimulationResult result = simulation.Run();

        long pollNs = (long)(pollUs * Instant.Microsecond);
        Assert.That(log.EntryTimes.All(at => pollNs == 0 || at % pollNs == 0), Is.True);
        Assert.That(result.Flows[0].Streams[0].Delivered, Is.EqualTo(2_000_000));
        Assert.That(result.Utilisation, Is.GreaterThan(pollUs < 10_000 ? 0.7 : 0.5));
    }

    [Test]
    public void Priority_InStrictScheduling_GivesTheHigherStreamTheLinkFirst()
    {
        FlowSpec flow = new() { Scheduling = "strict", Streams = [new StreamSpec { Bytes = 500_000, Priority = 1 }, new StreamSpec { Bytes = 500_000, Priority = 9 }] };
        var simulation = new Simulation(Scenarios.Of(new DirectionSpec(), flow));
        long lowWhenHighIsComplete = -1;
        simulation.Observe(new Watch(s =>
        {
            if (lowWhenHighIsComplete < 0 && s.Flows[0].Streams[1].IsComplete)
            {
                lowWhenHighIsComplete = s.Flows[0].Streams[0].Delivered;
            }
        }));
        simulation.Run();

        Assert.That(lowWhenHighIsComplete, Is.InRange(0, 250_000));
    }

    private sealed class Watch(Action<Simulation> look) : ISimulationObserver
    {
        public long IntervalNs => Instant.Millisecond;

        public void OnSample(Simulation simulation, long now) => look(simulation);
    }

    private sealed class FrameLog : ILinkObserver
    {
        public List<long> EntryTimes { get; } = [];

        public long First => EntryTimes[0];

        public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
        {
            if (fate == FrameFate.Entered)
            {
                EntryTimes.Add(now);
            }
        }
    }
}
