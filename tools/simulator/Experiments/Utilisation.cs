using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Experiments;

/// <summary>One bulk flow over one link, and the share of the link that it uses once it has found it.</summary>
/// <param name="Congestion">cubic or bbr.</param>
/// <param name="RateMbps">The link's rate.</param>
/// <param name="RttMs">There and back, with an empty queue.</param>
/// <param name="QueueProducts">The queue in bandwidth-delay products; at least eight frames.</param>
internal sealed record Utilisation(string Congestion, double RateMbps, double RttMs, double QueueProducts)
{
    private const int Mtu = 1500;
    private const int QueueFramesMin = 8;

    // BBR has found the path after ten round trips; CUBIC two periods K after its first loss (RFC 9438 §4.2: K is where it is back).
    private const int BbrStartRounds = 10;
    private const double CubicC = 0.4;
    private const double CubicLoss = 0.3;

    /// <summary>The share of random loss.</summary>
    public double Loss { get; init; }

    /// <summary>Frames that fill the link and its delay.</summary>
    public double ProductFrames => RateMbps * 1e6 / 8 * RttMs / 1000 / Mtu;

    public double QueueFrames => Math.Max(QueueProducts * ProductFrames, QueueFramesMin);

    public Scenario Scenario => new()
    {
        DurationS = 3600,
        Mtu = Mtu,
        Link = new DirectionSpec { RateMbps = RateMbps, DelayMs = RttMs / 2, QueueKb = QueueFrames * Mtu / 1000, Loss = Loss },
        Flows = [new FlowSpec { Congestion = Congestion }],
    };

    /// <summary>Runs, and gives what was measured.</summary>
    public UtilisationResult Measure()
    {
        var simulation = new Simulation(Scenario);
        var probe = new Probe(this);
        simulation.Observe(probe);
        SimulationResult result = simulation.Run();
        return new UtilisationResult(
            probe.EndBytes > 0 ? (probe.EndBytes - probe.StartBytes) / SimulationResult.CapacityOf(simulation, probe.StartAt, probe.EndAt) : 0,
            (double)probe.StartAt / Instant.Second,
            result.Flows[0].P99QueueMs,
            simulation.Link.Counters.Dropped / (double)Math.Max(1, simulation.Link.Counters.Frames),
            result.Ok);
    }

    /// <summary>Finds the end of start-up, and measures from there on.</summary>
    private sealed class Probe(Utilisation experiment) : ISimulationObserver
    {
        private readonly long _rttNs = (long)(experiment.RttMs * Instant.Millisecond);

        public long StartAt { get; private set; } = long.MaxValue;

        public long EndAt { get; private set; } = long.MaxValue;

        public long StartBytes { get; private set; }

        public long EndBytes { get; private set; }

        public long IntervalNs => Math.Max(_rttNs / 4, Instant.Millisecond);

        private bool _hasBegun;

        public void OnSample(Simulation simulation, long now)
        {
            if (StartAt == long.MaxValue)
            {
                FindStart(simulation, now);
            }
            else if (!_hasBegun && now >= StartAt)
            {
                _hasBegun = true;
                StartAt = now;
                StartBytes = simulation.Link.Counters.Bytes;
                simulation.Queue.Reset();
            }
            else if (_hasBegun && now >= EndAt)
            {
                EndAt = now;
                EndBytes = simulation.Link.Counters.Bytes;
                simulation.Stop();
            }
        }

        private void FindStart(Simulation simulation, long now)
        {
            // Long enough for ten seconds and a hundred round trips, and three of CUBIC's epochs or BBR's probes.
            long windowNs = Math.Max(20 * Instant.Second, 100 * _rttNs);
            if (experiment.Congestion == "bbr")
            {
                StartAt = BbrStartRounds * _rttNs;
                EndAt = StartAt + windowNs;
                return;
            }

            Core.Stats.PathStatistics path = simulation.Flows[0].Statistics().Path;
            if (path.PacketsLost > 0)
            {
                double before = path.CongestionWindow / (1 - CubicLoss) / Mtu;
                double k = Math.Cbrt(before * CubicLoss / CubicC);
                StartAt = now + (long)(2 * k * Instant.Second);
                EndAt = StartAt + Math.Max(windowNs, (long)(3 * k * Instant.Second));
            }
        }
    }
}

/// <summary>What came of it.</summary>
/// <param name="Share">Of the link, from 0 to 1.</param>
/// <param name="StartS">When start-up was over.</param>
/// <param name="P99QueueMs">The 99th percentile of the queueing delay since then.</param>
/// <param name="DroppedShare">Of all frames, what the queue dropped.</param>
/// <param name="Ok">Whether every guarantee held.</param>
internal sealed record UtilisationResult(double Share, double StartS, double P99QueueMs, double DroppedShare, bool Ok);
