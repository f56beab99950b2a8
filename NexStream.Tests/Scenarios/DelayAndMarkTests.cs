using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Scenarios;

/// <summary>Queues: how long they get, what marks do, how bursts leave, and what slow poll loops reach.</summary>
[TestFixture]
[Category("Slow")]
public sealed class DelayAndMarkTests
{
    // Four bandwidth-delay products of queue, 67 frames each; start-up is left out, and CUBIC sees at least three epochs.
    [TestCase(20, 40)]
    [TestCase(50, 20)]
    public void QueueingDelay_FourProducts_BbrHasAThirdOfCubics(double rateMbps, double rttMs)
    {
        double cubic = P99("cubic", rateMbps, rttMs);
        double bbr = P99("bbr", rateMbps, rttMs);
        TestContext.Out.WriteLine($"p99: cubic {cubic:F1} ms, bbr {bbr:F1} ms");
        Assert.That(bbr, Is.LessThanOrEqualTo(cubic / 3));
    }

    [Test]
    public void Marks_InsteadOfDrops_CubicRunsWithoutLoss()
    {
        DirectionSpec link = Flows.Link(20, 40, 4) with { EcnMarkKb = 60 };
        Simulation simulation = Flows.Create(link, 60, Flows.Bulk("cubic"));
        SimulationResult result = Flows.RunOk(simulation);
        TestContext.Out.WriteLine($"utilisation {result.Utilisation:F3}, marked {simulation.Link.Counters.Marked}, dropped {simulation.Link.Counters.Dropped}");
        Assert.That(simulation.Link.Counters.Marked, Is.GreaterThan(10));
        Assert.That(result.Flows[0].LostPackets, Is.Zero);
        Assert.That(result.Utilisation, Is.GreaterThanOrEqualTo(0.9));
    }

    // Three packets, or what the rate gives in five quarters of the mean time between two calls, whichever is more.
    [TestCase(0)]
    [TestCase(1)]
    public void Pacing_EventsOrMicrosecondPolls_BurstsAreWithinTheBound(double pollUs)
    {
        var bursts = new Bursts();
        Simulation simulation = Flows.Create(Flows.Link(20, 40, 1), pollUs > 0 ? 3 : 20, Flows.Bulk("cubic") with { PollUs = pollUs });
        simulation.Link.Observer = bursts;
        simulation.At(1, _ => bursts.BoundAt = () =>
        {
            double pollS = simulation.Flows[0].Client.Endpoint.State.Poll.Ns * 1.25 / Instant.Second;
            return Math.Max(3, (simulation.Flows[0].Statistics().Path.PacingRate * Math.Min(pollS, 0.02) / Flows.Mtu) + 2);
        });
        Flows.RunOk(simulation);
        TestContext.Out.WriteLine($"longest burst {bursts.Longest} packets, {bursts.LongestOfBound:P0} of the bound");
        Assert.That(bursts.Longest, Is.GreaterThan(0));
        Assert.That(bursts.LongestOfBound, Is.LessThanOrEqualTo(1));
    }

    // 60 Hz: each poll sends what the rate gives in its interval, with a quarter more at most, and at most 20 ms.
    [TestCase("cubic")]
    [TestCase("bbr")]
    public void Pacing_SixtyHertzPolls_FillTheLinkWithBoundedBursts(string congestion)
    {
        const double PollUs = 16_666.667;
        var bursts = new Bursts();
        Simulation simulation = Flows.Create(Flows.Link(100, 100, 1), 30, Flows.Bulk(congestion) with { PollUs = PollUs });
        simulation.Link.Observer = bursts;
        long bytes = 0;
        simulation.At(10, _ =>
        {
            bytes = simulation.Link.Counters.Bytes;

            // 20 ms at most; the packet that uses up the credit still leaves, and the next one's worth may have come together meanwhile.
            bursts.BoundAt = () => (simulation.Flows[0].Statistics().Path.PacingRate * 0.02 / Flows.Mtu) + 2;
        });
        SimulationResult result = Flows.RunOk(simulation);
        double utilisation = (simulation.Link.Counters.Bytes - bytes) / (100e6 / 8 * 20);
        TestContext.Out.WriteLine($"utilisation {utilisation:F3}, longest burst {bursts.Longest} packets, {bursts.LongestOfBound:P0} of the bound");
        Assert.That(utilisation, Is.GreaterThanOrEqualTo(0.9));
        Assert.That(bursts.LongestOfBound, Is.LessThanOrEqualTo(1));
        Assert.That(result.Ok, Is.True);
    }

    private static double P99(string congestion, double rateMbps, double rttMs)
    {
        Simulation simulation = Flows.Create(Flows.Link(rateMbps, rttMs, 4), 90, Flows.Bulk(congestion));
        simulation.At(30, _ => simulation.Queue.Reset());
        return Flows.RunOk(simulation).Flows[0].P99QueueMs;
    }

    /// <summary>Packets of data that enter the link at one instant.</summary>
    private sealed class Bursts : ILinkObserver
    {
        private long _at = -1;
        private int _count;

        public int Longest { get; private set; }

        public double LongestOfBound { get; private set; }

        /// <summary>The longest burst that is allowed now; null: it is not judged yet.</summary>
        public Func<double>? BoundAt { get; set; }

        public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
        {
            if (fate != FrameFate.Entered || packet.WireLength < 1000)
            {
                return;
            }

            _count = now == _at ? _count + 1 : 1;
            _at = now;
            if (BoundAt is not null)
            {
                Longest = Math.Max(Longest, _count);
                LongestOfBound = Math.Max(LongestOfBound, _count / BoundAt());
            }
        }
    }
}
