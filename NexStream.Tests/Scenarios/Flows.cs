using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Scenarios;

/// <summary>Short names for the scenarios of these tests.</summary>
internal static class Flows
{
    public const int Mtu = 1500;

    /// <summary>Scenarios with many seeds: all of them where the code is optimised, the first two where every overflow is checked.</summary>
#if DEBUG
    public const int Seeds = 2;
#else
    public const int Seeds = 10;
#endif

    public static FlowSpec Bulk(string congestion, long? bytes = null) => new() { Congestion = congestion, Streams = [new StreamSpec { Bytes = bytes }] };

    /// <summary>A link whose queue holds so many bandwidth-delay products.</summary>
    public static DirectionSpec Link(double rateMbps, double rttMs, double queueProducts) => new()
    {
        RateMbps = rateMbps,
        DelayMs = rttMs / 2,
        QueueKb = Math.Max(rateMbps * rttMs / 8 * queueProducts, 8 * Mtu / 1000.0),
    };

    public static Simulation Create(DirectionSpec link, double seconds, params FlowSpec[] flows) =>
        new(new Scenario { Link = link, DurationS = seconds, Flows = flows, Mtu = Mtu });

    public static SimulationResult RunOk(Simulation simulation)
    {
        SimulationResult result = simulation.Run();
        Assert.That(result.Violations, Is.Empty);
        return result;
    }
}

/// <summary>Counts, interval by interval, what a flow's streams delivered.</summary>
internal sealed class Deliveries(long intervalNs) : ISimulationObserver
{
    private readonly List<long[]> _samples = [];

    public long IntervalNs => intervalNs;

    public void OnSample(Simulation simulation, long now) =>
        _samples.Add([.. simulation.Flows.SelectMany(f => f.Streams).Select(s => s.DeliveredBytes)]);

    /// <summary>Bytes that each stream of each flow delivered between two times.</summary>
    public long[] Between(double fromS, double toS)
    {
        long[] from = _samples[Index(fromS)];
        long[] to = _samples[Index(toS)];
        return [.. from.Select((bytes, i) => to[i] - bytes)];
    }

    /// <summary>Million bits a second that all streams delivered between two times.</summary>
    public double RateMbps(double fromS, double toS) => Between(fromS, toS).Sum() * 8 / (toS - fromS) / 1e6;

    /// <summary>The longest time, from one time on, in which a stream delivered nothing.</summary>
    public double LongestStallS(double fromS, double toS) => Enumerable.Range(0, _samples[0].Length).Max(stream => LongestStallS(stream, fromS, toS));

    /// <summary>The same for one stream.</summary>
    public double LongestStallS(int stream, double fromS, double toS)
    {
        int longest = 0;
        int since = Index(fromS);
        for (int i = since + 1; i <= Index(toS); i++)
        {
            if (_samples[i][stream] > _samples[i - 1][stream])
            {
                since = i;
            }

            longest = Math.Max(longest, i - since);
        }

        return longest * (double)intervalNs / Instant.Second;
    }

    /// <summary>The longest time between two times in which no stream delivered anything.</summary>
    public double LongestPauseS(double fromS, double toS)
    {
        int longest = 0;
        int since = Index(fromS);
        for (int i = since + 1; i <= Index(toS); i++)
        {
            since = _samples[i].Sum() > _samples[i - 1].Sum() ? i : since;
            longest = Math.Max(longest, i - since);
        }

        return longest * (double)intervalNs / Instant.Second;
    }

    private int Index(double seconds) => Math.Min((int)(seconds * Instant.Second / intervalNs), _samples.Count - 1);
}
