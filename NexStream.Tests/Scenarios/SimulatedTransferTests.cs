using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Experiments;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Scenarios;

/// <summary>The scenario files, each with its bound: derived from picoquic's and QUICHE's own acceptance figures.</summary>
[TestFixture]
[Category("Slow")]
public sealed class SimulatedTransferTests
{
    [TestCase("four-1mb-10mbps-cubic", 3.75)]
    [TestCase("four-1mb-10mbps-bbr", 3.75)]
    [TestCase("asymmetric-10-0.1-bbr", 9.0)]
    [TestCase("satellite-250-3-cubic", 11)]
    [TestCase("satellite-250-3-bbr", 11)]
    [TestCase("red-100mbps-bbr", 0.53)]
    [TestCase("red-100mbps-cubic", 0.55)]
    [TestCase("solo-12mib-4mbps-bbr", 31)]
    public void Transfer_Alone_IsCompleteInTime(string file, double seconds)
    {
        SimulationResult result = Run(file);
        TestContext.Out.WriteLine($"{result.Flows[0].CompletedS:F3} s, {result.Flows[0].LostPackets} lost");
        Assert.That(result.Flows[0].CompletedS, Is.LessThanOrEqualTo(seconds));
    }

    [Test]
    public void Transfer_Solo12MiB_LosesNothing() => Assert.That(Run("solo-12mib-4mbps-bbr").Flows[0].LostPackets, Is.Zero);

    // Start-up is over when a third of the transfer is.
    [Test]
    public void Transfer_HalfAProductOfQueue_LosesAtMostATwentiethOfStartUp()
    {
        var simulation = new Simulation(Read("solo-12mib-4mbps-bbr-half-queue"));
        Core.Stats.PathStatistics startUp = default;
        simulation.At(2, _ => startUp = simulation.Flows[0].Statistics().Path);
        SimulationResult result = Flows.RunOk(simulation);
        TestContext.Out.WriteLine($"{startUp.PacketsLost} of {startUp.PacketsSent} in two seconds, {result.Flows[0].LostPackets} of {result.Flows[0].SentPackets} in all");
        Assert.That((double)startUp.PacketsLost / startUp.PacketsSent, Is.LessThanOrEqualTo(0.05));
    }

    [Test]
    public void Transfer_BbrAgainstCubic_BothInThreeTimesTheirTimeAlone()
    {
        SimulationResult result = Run("bbr-against-cubic-4mbps");
        double bbr = Run("solo-50mib-4mbps-bbr").Flows[0].CompletedS ?? double.NaN;
        double cubic = Run("solo-50mib-4mbps-cubic").Flows[0].CompletedS ?? double.NaN;
        TestContext.Out.WriteLine($"alone {bbr:F1} and {cubic:F1} s, together {result.Flows[0].CompletedS:F1} and {result.Flows[1].CompletedS:F1} s");
        Assert.That(result.Flows[0].CompletedS, Is.LessThanOrEqualTo(3 * bbr));
        Assert.That(result.Flows[1].CompletedS, Is.LessThanOrEqualTo(3 * cubic));
    }

    [Test]
    public void Transfer_SixBbr_AllInTimeAfterTheLastStart()
    {
        double solo = Run("solo-10mib-4mbps-bbr").Flows[0].CompletedS ?? double.NaN;
        SimulationResult result = Run("six-bbr-4mbps");
        double last = result.Flows.Select((f, i) => (f.CompletedS ?? double.NaN) + (2 * i)).Max() - 10;
        TestContext.Out.WriteLine($"alone {solo:F1} s, the last of six {last:F1} s after the last start");
        Assert.That(last, Is.LessThanOrEqualTo(1.1 * 6 * solo));
    }

    [Test]
    public void PeerVanishes_InMidTransfer_SenderGivesUpQuietlyAndInTime()
    {
        var simulation = new Simulation(Read("peer-vanishes"));
        long frames = 0;
        simulation.At(2, _ => frames = simulation.Link.Counters.Frames);
        double goneS = 0;
        simulation.Observe(new Watch(now => goneS = simulation.Flows[0].Connection.IsAlive ? (double)now / Instant.Second : goneS));
        ulong sent = 0;
        simulation.At(2, _ => sent = simulation.Flows[0].Statistics().Path.PacketsSent);
        simulation.Observe(new Watch(_ => simulation.Flows[0].Statistics()));
        SimulationResult result = simulation.Run();
        ulong more = simulation.Flows[0].LastStatistics.Path.PacketsSent - sent;
        TestContext.Out.WriteLine($"{more} packets more, closed {goneS - 2:F1} s after");
        Assert.That(result.Violations.Any(v => v.Contains("PeerUnresponsive", StringComparison.Ordinal)), Is.True);
        Assert.That(more, Is.LessThanOrEqualTo(128));
        Assert.That(goneS - 2, Is.LessThanOrEqualTo(30.1));
    }

    [TestCase(0.01, 0.90)]
    public void Bbr_OnePercentRandomLoss_StillFillsTheLink(double loss, double bound)
    {
        UtilisationResult result = new Utilisation("bbr", 50, 40, 1) { Loss = loss }.Measure();
        TestContext.Out.WriteLine($"{result.Share:F3}");
        Assert.That(result.Share, Is.GreaterThanOrEqualTo(bound));
    }

    [TestCase("bbr")]
    [TestCase("cubic")]
    public void FivePercentRandomLoss_TransferIsComplete(string congestion)
    {
        Simulation simulation = Flows.Create(Flows.Link(50, 40, 1) with { Loss = 0.05 }, 600, Flows.Bulk(congestion, 20_000_000));
        SimulationResult result = Flows.RunOk(simulation);
        TestContext.Out.WriteLine($"{result.Flows[0].CompletedS:F1} s");
        Assert.That(result.Flows[0].CompletedS, Is.Not.Null);
    }

    [Test]
    public void AllModes_OverABadNetwork_KeepTheirGuarantees()
    {
        SimulationResult result = Run("lossy-all-modes");
        Assert.That(result.Flows[0].CompletedS, Is.Not.Null);
        Assert.That(result.Flows[0].Streams[0].Delivered, Is.EqualTo(5_000_000));
        Assert.That(result.Flows[0].Streams[1].Delivered, Is.EqualTo(result.Flows[0].Streams[1].Sent));
    }

    private static SimulationResult Run(string file) => Flows.RunOk(new Simulation(Read(file)));

    private static Scenario Read(string file) =>
        ScenarioReader.Read(File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "scenarios", file + ".json")));

    private sealed class Watch(Action<long> look) : ISimulationObserver
    {
        public long IntervalNs => 100 * Instant.Millisecond;

        public void OnSample(Simulation simulation, long now) => look(now);
    }
}
