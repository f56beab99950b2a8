using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Simulator.Traffic;

namespace NexStream.Tests.Scenarios;

/// <summary>Connections over several paths: the scenario files with their bounds.</summary>
[TestFixture]
[Category("Slow")]
public sealed class MultipathTransferTests
{
    [TestCase("two-paths-2mb", "cubic", 1.06)]
    [TestCase("two-paths-2mb", "bbr", 1.06)]
    [TestCase("two-paths-one-dies", "cubic", 1.49)]
    [TestCase("two-paths-one-dies", "bbr", 1.49)]
    public void TwoMegabytes_InOrderOverTwoPaths_AreCompleteInTime(string file, string congestion, double seconds)
    {
        FlowResult flow = Run(file, flow => flow with { Congestion = congestion }).Flows[0];
        TestContext.Out.WriteLine($"{file}, {congestion}: {flow.CompletedS:F3} s");
        Assert.That(flow.CompletedS, Is.LessThanOrEqualTo(seconds));
    }

    [TestCase(0.3)]
    [TestCase(0.4)]
    [TestCase(0.6)]
    [TestCase(0.7)]
    public void TwoMegabytes_TheFirstPathDies_AreCompleteInTime(double atS)
    {
        Scenario scenario = Read("two-paths-2mb");
        scenario = scenario with { Link = scenario.Link with { Outages = [new OutageSpec { AtS = atS, ForS = 1000 }] } };
        FlowResult flow = Flows.RunOk(new Simulation(scenario)).Flows[0];

        // What is left when it dies takes twice as long, and to notice it takes a probe time-out.
        double bound = atS + (2 * (0.93 - atS)) + 0.15;
        TestContext.Out.WriteLine($"dies at {atS} s: {flow.CompletedS:F3} s of {bound:F2} s");
        Assert.That(flow.CompletedS, Is.LessThanOrEqualTo(bound));
    }

    [TestCase("cubic", "lowest_rtt")]
    [TestCase("bbr", "lowest_rtt")]
    [TestCase("cubic", "weighted")]
    public void ThreeUnequalPaths_MessagesInBulk_UseThemAll(string congestion, string scheduler)
    {
        FlowResult flow = Run("three-unequal-paths", flow => flow with { Congestion = congestion, Scheduler = scheduler }).Flows[0];
        TestContext.Out.WriteLine($"{congestion}, {scheduler}: {flow.GoodputMbps:F2} of 16 Mbit/s");
        Assert.That(flow.GoodputMbps, Is.GreaterThanOrEqualTo(0.85 * 16));
        Assert.That(flow.Paths, Has.Count.EqualTo(3).And.All.Matches<PathResult>(path => path is { Condition: "active" }));
    }

    [Test]
    public void OnePathComesAndGoes_OfTwo_NothingIsLostAndTheTransferGoesOn()
    {
        Scenario scenario = Read("two-paths-2mb");
        OutageSpec[] outages = [.. Enumerable.Range(0, 6).Select(i => new OutageSpec { AtS = 0.4 + (2 * i), ForS = 1 })];
        scenario = scenario with
        {
            DurationS = 60,
            Paths = [scenario.Paths[0] with { Outages = outages }],
            Flows = [new FlowSpec { Streams = [new StreamSpec { Bytes = 20_000_000 }] }],
        };
        var simulation = new Simulation(scenario);
        var deliveries = new Deliveries(10 * Instant.Millisecond);
        simulation.Observe(deliveries);
        SimulationResult result = Flows.RunOk(simulation);
        double stallS = deliveries.LongestStallS(0.2, result.ElapsedS - 0.05);
        TestContext.Out.WriteLine($"{result.Flows[0].CompletedS:F2} s, longest stall {stallS * 1000:F0} ms");
        Assert.That(result.Flows[0].CompletedS, Is.Not.Null.And.LessThan(16), "With one path alone it takes 16.6 s.");
        Assert.That(stallS, Is.LessThan(0.2));
    }

    [Test]
    public void Migration_InAllModes_LosesNothingAndPausesForAMoment()
    {
        var simulation = new Simulation(Read("migrate-all-modes"));
        var deliveries = new Deliveries(Instant.Millisecond);
        simulation.Observe(deliveries);
        SimulationResult result = Flows.RunOk(simulation);
        FlowResult flow = result.Flows[0];
        double pauseS = deliveries.LongestPauseS(2.9, 3.5);
        double stallS = deliveries.LongestStallS(2.9, 3.5);
        TestContext.Out.WriteLine($"{flow.CompletedS:F2} s, pause {pauseS * 1000:F0} ms, of the streams {string.Join(", ", Enumerable.Range(0, 4).Select(i => $"{deliveries.LongestStallS(i, 2.9, 3.5) * 1000:F0}"))} ms, {simulation.Links[1].Counters.Frames} frames over the new link");
        Assert.That(flow.Streams[0].Delivered, Is.EqualTo(4_000_000));
        Assert.That(flow.Streams[1].Delivered, Is.EqualTo(flow.Streams[1].Sent));
        Assert.That(simulation.Links[1].Counters.Frames, Is.GreaterThan(2000), "The connection goes on over the other link.");

        // A round trip of 50 ms to prove the new node, two until what was lost is there, and an acknowledgement that was held back.
        Assert.That(pauseS, Is.LessThanOrEqualTo((3 * 0.05) + 0.01));

        // Four streams share the first windows of the new path, and each waits for its turn in them.
        Assert.That(stallS, Is.LessThanOrEqualTo((5 * 0.05) + 0.01));
    }

    [Test]
    public void Redundant_OnePathLosesMuch_NothingEverWaitsForARetransmission()
    {
        double alone = LongestDelayMs("lowest_rtt", lossOfFirst: 0.3, lossOfSecond: 0.3);
        double lossy = LongestDelayMs("redundant", lossOfFirst: 0.3, lossOfSecond: 0);
        TestContext.Out.WriteLine($"longest delivery: sent once {alone:F1} ms, on both paths {lossy:F1} ms");
        Assert.That(alone, Is.GreaterThan(25), "Else nothing was lost that mattered.");
        Assert.That(lossy, Is.LessThanOrEqualTo(11.5), "10 ms on the way, and the time on the wire: no message waits for a repetition.");
    }

    /// <summary>A message of 500 bytes every 4 ms, in order, over two paths of 10 ms: the longest that anything of it was late.</summary>
    private static double LongestDelayMs(string scheduler, double lossOfFirst, double lossOfSecond)
    {
        Scenario scenario = Read("two-paths-2mb") with
        {
            DurationS = 20,
            Link = new DirectionSpec { RateMbps = 10, DelayMs = 10, Loss = lossOfFirst },
            Paths = [new PathSpec { RateMbps = 10, DelayMs = 10, Loss = lossOfSecond }],
            Flows = [new FlowSpec { Scheduler = scheduler, Streams = [new StreamSpec { Message = 500, RateMbps = 1, StartS = 1, Bytes = 2_000_000 }] }],
        };
        var simulation = new Simulation(scenario);
        var watch = new Lateness();
        simulation.Observe(watch);
        Flows.RunOk(simulation);
        return watch.LongestMs;
    }

    private static SimulationResult Run(string file, Func<FlowSpec, FlowSpec> change)
    {
        Scenario scenario = Read(file);
        return Flows.RunOk(new Simulation(scenario with { Flows = [.. scenario.Flows.Select(change)] }));
    }

    private static Scenario Read(string file) =>
        ScenarioReader.Read(File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "scenarios", file + ".json")));

    /// <summary>How long the bytes that were handed over wait until they are delivered, looked at four times a millisecond.</summary>
    private sealed class Lateness : ISimulationObserver
    {
        private readonly Queue<(long Sent, long At)> _handedOver = new();

        public long IntervalNs => 250 * Instant.Microsecond;

        public double LongestMs { get; private set; }

        public void OnSample(Simulation simulation, long now)
        {
            StreamRecord stream = simulation.Flows[0].Streams[0];
            _handedOver.Enqueue((stream.SentBytes, now));
            while (_handedOver.TryPeek(out (long Sent, long At) first) && stream.DeliveredBytes >= first.Sent)
            {
                // Paths are opened and measured in the first second and a half.
                if (first.At > 1.5 * Instant.Second && first.Sent > 0)
                {
                    LongestMs = Math.Max(LongestMs, (now - first.At) / (double)Instant.Millisecond);
                }

                _handedOver.Dequeue();
            }
        }
    }
}
