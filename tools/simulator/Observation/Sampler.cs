using NexStream.Core.Stats;
using NexStream.Core.Wire;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Traffic;

namespace NexStream.Simulator.Observation;

/// <summary>Writes down, at regular virtual times, what every flow and the link are like. It changes nothing in the run.</summary>
internal sealed class Sampler : ISimulationObserver, ILinkObserver
{
    private readonly Simulation _simulation;
    private readonly List<LinkSample> _link = [];
    private readonly List<FlowSample>[] _flows;
    private readonly Counts[] _counts;

    private Sampler(Simulation simulation)
    {
        _simulation = simulation;
        IntervalNs = SamplingInterval.Of(simulation.Scenario);
        _flows = [.. simulation.Flows.Select(_ => new List<FlowSample>())];
        _counts = new Counts[simulation.Flows.Count];
    }

    public long IntervalNs { get; }

    /// <summary>The link, sample by sample.</summary>
    public IReadOnlyList<LinkSample> Link => _link;

    /// <summary>Each flow, with as many samples as <see cref="Link"/>.</summary>
    public IReadOnlyList<IReadOnlyList<FlowSample>> Flows => _flows;

    /// <summary>Observes a simulation that has not run yet.</summary>
    public static Sampler Attach(Simulation simulation)
    {
        var sampler = new Sampler(simulation);
        simulation.Observe(sampler);
        LinkObservers.Add(simulation.Link, sampler);
        return sampler;
    }

    /// <summary>Takes the last sample, when the run is over.</summary>
    public void Finish()
    {
        if (_link.Count == 0 || _link[^1].At < _simulation.Now)
        {
            OnSample(_simulation, _simulation.Now);
        }
    }

    public void OnSample(Simulation simulation, long now)
    {
        DirectedLink link = simulation.Link;
        _link.Add(new LinkSample(now, link.Queued, link.Settings.QueueBytes, link.Settings.Rate, simulation.Reverse.Queued));
        foreach (FlowRecord flow in simulation.Flows)
        {
            _flows[flow.Index].Add(Of(flow, now));
        }
    }

    public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
    {
        ref Counts counts = ref _counts[packet.Flow];
        switch (fate)
        {
            case FrameFate.QueueDropped:
                counts.Dropped++;
                break;
            case FrameFate.Lost or FrameFate.Corrupted or FrameFate.Outage or FrameFate.TooLong:
                counts.Lost++;
                break;
            case FrameFate.Delivered when packet.Header.Ecn == EcnCodepoint.CongestionExperienced:
                counts.Marked++;
                break;
            default:
                break;
        }
    }

    private FlowSample Of(FlowRecord flow, long now)
    {
        // Not FlowRecord.Statistics: it remembers when it was asked last, and an observer must leave no trace.
        PathStatistics path = flow.Connection.IsAlive ? flow.Connection.Statistics.Path : default;
        Counts counts = _counts[flow.Index];
        return new FlowSample
        {
            IsActive = now >= flow.StartAt && (flow.CompletedAt is not { } at || at >= now) && flow.Connection.IsAlive,
            CongestionWindow = path.CongestionWindow,
            BytesInFlight = path.BytesInFlight,
            // Before the first sample it is only what the RFC has everybody begin with.
            SmoothedRttNs = path.MinRttNs == 0 ? 0 : path.SmoothedRttNs,
            LatestRttNs = LatestRttNs(path),
            MinRttNs = path.MinRttNs,
            PacingRate = path.PacingRate,
            DeliveryRate = path.DeliveryRate,
            DeliveredBytes = flow.DeliveredBytes,
            Dropped = counts.Dropped,
            Lost = counts.Lost,
            Marked = counts.Marked,
        };
    }

    /// <summary>
    /// The latest round trip, from what the controller says of the queue. A controller that forgets the shortest round trip after a while, as
    /// BBR does, measures the queue from the one that it believes in: then this is as much too short as its belief is too long.
    /// </summary>
    public static long LatestRttNs(in PathStatistics path) => path.MinRttNs == 0 ? 0 : path.MinRttNs + path.QueueingDelayNs;

    private struct Counts
    {
        public long Dropped;
        public long Lost;
        public long Marked;
    }
}
