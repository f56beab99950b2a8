using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Simulator.Traffic;

namespace NexStream.Simulator.Experiments;

/// <summary>
/// A question goes to N peers, each with a probability, and K answers are enough: what sampling and gossip do (seed §3.1). Whoever hears it answers reliably, so
/// that the chance of enough answers is that of K or more among N independent deliveries.
/// </summary>
/// <param name="Peers">N.</param>
/// <param name="Needed">K.</param>
/// <param name="Probability">With which each peer is to hear of a question.</param>
/// <param name="Loss">The share of packets that the path loses.</param>
internal sealed record Quorum(int Peers, int Needed, double Probability, double Loss)
{
    private const int MessageBytes = 100;
    private const double MessagesPerSecond = 5000;
    private const double BitsPerByte = 8;
    private const double LinkMbps = 1000;

    /// <summary>Questions that count.</summary>
    public int Questions { get; init; } = 200_000;

    public Scenario Scenario => new()
    {
        DurationS = 3600,
        Link = new DirectionSpec { RateMbps = LinkMbps, DelayMs = 5, QueueKb = 10_000, Loss = Loss },
        Reverse = new DirectionSpec { RateMbps = LinkMbps, QueueKb = 10_000 },
        Flows =
        [
            .. Enumerable.Range(0, Peers).Select(_ => new FlowSpec
            {
                Congestion = "none",
                Streams =
                [
                    new StreamSpec
                    {
                        Mode = "pr",
                        Message = MessageBytes,
                        Bytes = (FirstCounted + (long)Questions) * MessageBytes,
                        RateMbps = MessagesPerSecond * MessageBytes * BitsPerByte / 1e6,
                        Probability = Probability,
                    },
                ],
            }),
        ],
    };

    private static int FirstCounted => (int)(Delivery.WarmUpS * MessagesPerSecond);

    /// <summary>The chance that enough peers hear, if each does with <see cref="Probability"/> by itself: the upper tail of a binomial distribution.</summary>
    public double Computed
    {
        get
        {
            double chance = 0;
            double ways = 1;
            for (int heard = 0; heard <= Peers; heard++)
            {
                chance += heard >= Needed ? ways * Math.Pow(Probability, heard) * Math.Pow(1 - Probability, Peers - heard) : 0;
                ways = ways * (Peers - heard) / (heard + 1);
            }

            return chance;
        }
    }

    /// <summary>Runs, and gives the share of questions that enough peers heard, and whether every guarantee held.</summary>
    public (double Share, bool Ok) Measure()
    {
        var simulation = new Simulation(Scenario);
        SimulationResult result = simulation.Run();
        StreamRecord[] streams = [.. simulation.Flows.Select(flow => flow.Streams[0])];
        int enough = Enumerable.Range(FirstCounted, Questions).Count(question => streams.Count(stream => stream.IsSeen(question)) >= Needed);
        return (enough / (double)Questions, result.Ok);
    }
}
