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
/// <param name="Utilisation">Bytes that the link sent, of those that it could have sent since the first flow began.</param>
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
    public static double CapacityOf(Simulation simulation, long from, long to)
    {
        var settings = LinkSettings.Create(simulation.Scenario.Link, simulation.Scenario.Mtu);
        double bytes = 0;
        foreach (Scenarios.StepSpec step in simulation.Scenario.Link.Steps.OrderBy(s => s.AtS))
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
        double capacity = CapacityOf(simulation, Math.Min(simulation.Now, simulation.Flows.Min(f => f.StartAt)), simulation.Now);
        return capacity == 0 ? 0 : simulation.Link.Counters.Bytes / capacity;
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

    public required IReadOnlyList<StreamResult> Streams { get; init; }

    public static FlowResult Of(FlowRecord flow, Simulation simulation)
    {
        Core.Stats.ConnectionStatistics statistics = flow.Statistics();
        long until = flow.CompletedAt ?? simulation.Now;
        double seconds = (double)Math.Max(1, until - flow.StartAt) / Instant.Second;
        return new FlowResult
        {
            CompletedS = flow.CompletedAt is { } at ? (double)(at - flow.StartAt) / Instant.Second : null,
            GoodputMbps = flow.DeliveredBytes * BitsPerByte / seconds / 1e6,
            SentPackets = statistics.Path.PacketsSent,
            RetransmittedPackets = statistics.Retransmissions,
            SpuriousRetransmits = statistics.Path.SpuriousLosses,
            LostPackets = statistics.Path.PacketsLost,
            SrttMs = (double)statistics.Path.SmoothedRttNs / Instant.Millisecond,
            MinRttMs = (double)statistics.Path.MinRttNs / Instant.Millisecond,
            P99QueueMs = simulation.Queue.Percentile99Ms(flow.Index),
            CwndBytes = statistics.Path.CongestionWindow,
            Streams = [.. flow.Streams.Select(StreamResult.Of)],
        };
    }
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
