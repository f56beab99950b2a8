using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Traffic;

namespace NexStream.Simulator.Results;

/// <summary>What a simulation came to.</summary>
/// <param name="Ok">Whether every mode's guarantee held.</param>
/// <param name="Violations">Those that did not.</param>
/// <param name="ElapsedS">Virtual seconds.</param>
/// <param name="Jain">Jain's index of the flows' goodputs: 1 is equal.</param>
/// <param name="Utilisation">Bytes that the link and further paths sent, of those that they could have sent since the first flow began.</param>
/// <param name="Flows">The flows.</param>
internal sealed record SimulationResult(
    bool Ok, IReadOnlyList<string> Violations, double ElapsedS, double Jain, double Utilisation, IReadOnlyList<FlowResult> Flows)
{
    public static SimulationResult Of(Simulation simulation)
    {
        FlowResult[] flows = [.. simulation.Flows.Select(flow => FlowResult.Of(flow, simulation))];
        string[] violations = [.. simulation.Flows.SelectMany(f => f.Violations)];
        return new SimulationResult(
            violations.Length == 0,
            violations,
            (double)simulation.Now / Instant.Second,
            JainOf([.. flows.Select(f => f.GoodputMbps)]),
            UtilisationOf(simulation),
            flows);
    }

    /// <summary>(Σx)² / (n·Σx²) (Jain, Chiu and Hawe 1984); 1 where nothing was sent.</summary>
    public static double JainOf(IReadOnlyList<double> shares)
    {
        double sum = shares.Sum();
        double squares = shares.Sum(x => x * x);
        return squares == 0 ? 1 : sum * sum / (shares.Count * squares);
    }

    /// <summary>Bytes that a link could send between two virtual times.</summary>
    public static double CapacityOf(Simulation simulation, long from, long to) => CapacityOf(simulation.Scenario.Link, simulation.Scenario.Mtu, from, to);

    /// <summary>The same of any link.</summary>
    public static double CapacityOf(Scenarios.DirectionSpec link, int mtu, long from, long to)
    {
        var settings = LinkSettings.Create(link, mtu);
        double bytes = 0;
        foreach (Scenarios.StepSpec step in link.Steps.OrderBy(s => s.AtS))
        {
            long at = Math.Clamp((long)Math.Round(step.AtS * Instant.Second), from, to);
            bytes += (double)settings.Rate * (at - from) / Instant.Second;
            settings = settings.With(step);
            from = at;
        }

        return bytes + ((double)settings.Rate * (to - from) / Instant.Second);
    }

    private static double UtilisationOf(Simulation simulation)
    {
        long from = Math.Min(simulation.Now, simulation.Flows.Min(f => f.StartAt));
        double capacity = CapacityOf(simulation, from, simulation.Now)
            + simulation.Scenario.Paths.Sum(path => CapacityOf(path, simulation.Scenario.Mtu, from, simulation.Now));
        return capacity == 0 ? 0 : simulation.Links.Sum(link => link.Counters.Bytes) / capacity;
    }
}

/// <summary>What a flow came to.</summary>
internal sealed record FlowResult
{
    private const double BitsPerByte = 8;

    public double? CompletedS { get; init; }

    public double GoodputMbps { get; init; }

    public ulong SentPackets { get; init; }

    public ulong RetransmittedPackets { get; init; }

    public ulong SpuriousRetransmits { get; init; }

    public ulong LostPackets { get; init; }

    public double SrttMs { get; init; }

    public double MinRttMs { get; init; }

    public double P99QueueMs { get; init; }

    public long CwndBytes { get; init; }

    public required IReadOnlyList<PathResult> Paths { get; init; }

    public required IReadOnlyList<StreamResult> Streams { get; init; }

    public static FlowResult Of(FlowRecord flow, Simulation simulation)
    {
        Core.Stats.ConnectionStatistics statistics = flow.Statistics();
        long until = flow.CompletedAt ?? simulation.Now;
        double seconds = (double)Math.Max(1, until - flow.StartAt) / Instant.Second;
        PathResult[] paths = [.. flow.Paths.ToArray().Select(PathResult.Of)];
        return new FlowResult
        {
            CompletedS = flow.CompletedAt is { } at ? (double)(at - flow.StartAt) / Instant.Second : null,
            GoodputMbps = flow.DeliveredBytes * BitsPerByte / seconds / 1e6,
            SentPackets = Total(paths, p => p.SentPackets),
            RetransmittedPackets = statistics.Retransmissions,
            SpuriousRetransmits = Total(paths, p => p.SpuriousRetransmits),
            LostPackets = Total(paths, p => p.LostPackets),
            SrttMs = (double)statistics.Path.SmoothedRttNs / Instant.Millisecond,
            MinRttMs = (double)statistics.Path.MinRttNs / Instant.Millisecond,
            P99QueueMs = simulation.Queue.Percentile99Ms(flow.Index),
            CwndBytes = statistics.Path.CongestionWindow,
            Paths = paths,
            Streams = [.. flow.Streams.Select(StreamResult.Of)],
        };
    }

    private static ulong Total(PathResult[] paths, Func<PathResult, ulong> count) => paths.Aggregate(0UL, (sum, path) => sum + count(path));
}

/// <summary>What a path of a flow came to, as the client knows it.</summary>
internal sealed record PathResult(
    byte Id, string Condition, ulong SentPackets, ulong SentBytes, ulong LostPackets, ulong SpuriousRetransmits, double SrttMs, double MinRttMs, long CwndBytes)
{
    public static PathResult Of(Core.Stats.PathStatistics path) => new(
        path.Id,
        path.Condition switch
        {
            Core.Stats.PathCondition.Active => "active",
            Core.Stats.PathCondition.Silent => "silent",
            _ => "opening",
        },
        path.PacketsSent,
        path.BytesSent,
        path.PacketsLost,
        path.SpuriousLosses,
        (double)path.SmoothedRttNs / Instant.Millisecond,
        (double)path.MinRttNs / Instant.Millisecond,
        path.CongestionWindow);
}

/// <summary>What a stream came to: bytes in RO, messages in the other modes.</summary>
internal sealed record StreamResult(
    long Sent, long Delivered, long Duplicated, long OutOfOrder, long Corrupted, long Expired, long Recovered)
{
    public static StreamResult Of(StreamRecord stream)
    {
        stream.CountExpired();
        return new(stream.Sent, stream.Delivered, stream.Duplicated, stream.OutOfOrder, stream.Corrupted, stream.Expired, stream.Recovered);
    }
}
