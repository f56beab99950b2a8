using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Simulator.Traffic;

namespace NexStream.Simulator.Experiments;

/// <summary>One probabilistic stream over a path that loses, and the share of its messages that arrives after a warm-up.</summary>
/// <param name="Probability">The share that is asked for.</param>
/// <param name="Loss">The share of packets that the path loses.</param>
/// <param name="MeanBurst">How many in a row, on average; 1: each by itself.</param>
internal sealed record Delivery(double Probability, double Loss, double MeanBurst)
{
    /// <summary>Seconds after which the share counts.</summary>
    public const double WarmUpS = 2;

    private const int MessageBytes = 100;
    private const double MessagesPerSecond = 10_000;
    private const double BitsPerByte = 8;

    // The link carries it all, repairs too, ten times over: nothing but what is drawn is lost.
    private const double LinkMbps = 1000;

    // Messages that are looked at together for the confidence: eight groups, so that losses of one block say nothing of the next.
    private const int Block = 256;

    // One in a hundred means of a normal distribution lies further below (99 %, one side).
    private const double Quantile99 = 2.326;

    /// <summary>Messages that count.</summary>
    public long Messages { get; init; } = 1_000_000;

    /// <summary>What the draws of path and endpoints are made from.</summary>
    public ulong Seed { get; init; } = 1;

    public Scenario Scenario => new()
    {
        Seed = Seed,
        DurationS = 3600,
        Link = new DirectionSpec
        {
            RateMbps = LinkMbps,
            DelayMs = 10,
            QueueKb = 10_000,
            Loss = MeanBurst > 1 ? 0 : Loss,
            BurstLoss = MeanBurst > 1 && Loss > 0 ? new BurstLossSpec { P = Loss / MeanBurst / (1 - Loss), R = 1 / MeanBurst } : null,
        },
        Reverse = new DirectionSpec { RateMbps = LinkMbps, QueueKb = 10_000 },
        Flows =
        [
            new FlowSpec
            {
                Congestion = "none",
                Streams =
                [
                    new StreamSpec
                    {
                        Mode = "pr",
                        Message = MessageBytes,
                        Bytes = ((long)(WarmUpS * MessagesPerSecond) + Messages) * MessageBytes,
                        RateMbps = MessagesPerSecond * MessageBytes * BitsPerByte / 1e6,
                        Probability = Probability,
                    },
                ],
            },
        ],
    };

    /// <summary>
    /// Runs, and gives what was measured. The least overhead is that of any code on an erasure channel (Elias, 1955): no more messages come out than packets
    /// arrive.
    /// </summary>
    public DeliveryResult Measure()
    {
        var simulation = new Simulation(Scenario);
        var probe = new Probe();
        simulation.Observe(probe);
        SimulationResult result = simulation.Run();
        StreamRecord stream = simulation.Flows[0].Streams[0];
        long first = (long)(WarmUpS * MessagesPerSecond);
        int blocks = (int)((stream.Sent - first) / Block);
        double sum = 0;
        double squares = 0;
        for (int block = 0; block < blocks; block++)
        {
            int arrived = Enumerable.Range(0, Block).Count(i => stream.IsSeen(first + ((long)block * Block) + i));
            double share = arrived / (double)Block;
            sum += share;
            squares += share * share;
        }

        double mean = sum / blocks;
        double deviation = Math.Sqrt(Math.Max(0, (squares / blocks) - (mean * mean)) / blocks);
        return new DeliveryResult(
            mean, mean - (Quantile99 * deviation), mean + (Quantile99 * deviation), probe.Overhead, Math.Max(0, (Probability / (1 - Loss)) - 1),
            probe.Thinned, result.Ok);
    }

    /// <summary>Notes what was sent since the warm-up.</summary>
    private sealed class Probe : ISimulationObserver
    {
        private DeliveryStatistics _before;
        private DeliveryStatistics _after;
        private ulong _sentBefore;
        private ulong _sentAfter;
        private bool _hasBegun;

        public long IntervalNs => 10 * Instant.Millisecond;

        /// <summary>Repairs for each message sent.</summary>
        public double Overhead => (_after.RepairsSent - _before.RepairsSent) / (double)Math.Max(1, _sentAfter - _sentBefore);

        /// <summary>The share of messages that were left out.</summary>
        public double Thinned => (_after.Thinned - _before.Thinned) / (double)Math.Max(1, _sentAfter - _sentBefore + (_after.Thinned - _before.Thinned));

        public void OnSample(Simulation simulation, long now)
        {
            StreamStatistics statistics = simulation.Flows[0].Streams[0].Handle.Statistics;
            if (statistics.Delivery is not { } delivery)
            {
                return;
            }

            (_after, _sentAfter) = (delivery, statistics.Sent);
            if (!_hasBegun && now >= WarmUpS * Instant.Second)
            {
                _hasBegun = true;
                (_before, _sentBefore) = (delivery, statistics.Sent);
            }
        }
    }
}

/// <summary>What came of it.</summary>
/// <param name="Share">Of all messages, those that arrived.</param>
/// <param name="Low">The share that the true one is above, with 99 % confidence; messages near each other are not taken as independent.</param>
/// <param name="High">And below.</param>
/// <param name="Overhead">Repairs for each message that was sent.</param>
/// <param name="Minimum">The least that any code could do with.</param>
/// <param name="Thinned">Messages that were left out.</param>
/// <param name="Ok">Whether every guarantee held.</param>
internal sealed record DeliveryResult(double Share, double Low, double High, double Overhead, double Minimum, double Thinned, bool Ok);
