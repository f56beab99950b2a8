using System.Globalization;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Traffic;

namespace NexStream.Simulator.Observation;

/// <summary>Writes a trace of every flow of a simulation into a directory, as flow-N.sqlog.</summary>
internal sealed class Qlog : ISimulationObserver, ILinkObserver, IDisposable
{
    private readonly Simulation _simulation;
    private readonly List<QlogFlow> _flows = [];

    private Qlog(Simulation simulation)
    {
        _simulation = simulation;
        IntervalNs = SamplingInterval.Of(simulation.Scenario);
    }

    public long IntervalNs { get; }

    /// <summary>The name of a flow's file.</summary>
    public static string FileName(int flow) => string.Create(CultureInfo.InvariantCulture, $"flow-{flow}.sqlog");

    /// <summary>Observes a simulation that has not run yet. Files that are there are replaced.</summary>
    /// <exception cref="IOException">A file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written to.</exception>
    public static Qlog Attach(Simulation simulation, string title, string directory) =>
        Attach(simulation, title, flow => File.Create(Path.Combine(directory, FileName(flow))));

    /// <summary>Observes a simulation that has not run yet.</summary>
    public static Qlog Attach(Simulation simulation, string title, Func<int, Stream> open)
    {
        var qlog = new Qlog(simulation);
        try
        {
            foreach (FlowRecord flow in simulation.Flows)
            {
                qlog._flows.Add(new QlogFlow(flow, title, simulation.Scenario.Seed, open(flow.Index)));
            }
        }
        catch
        {
            qlog.Dispose();
            throw;
        }

        LinkObservers.Add(simulation.Link, qlog);
        LinkObservers.Add(simulation.Reverse, qlog);
        simulation.Observe(qlog);
        return qlog;
    }

    public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now) =>
        _flows[packet.Flow].OnFrame(link, link == _simulation.Link, packet, fate, now);

    public void OnSample(Simulation simulation, long now)
    {
        foreach (QlogFlow flow in _flows)
        {
            flow.WriteMetrics(now);
        }
    }

    public void Dispose()
    {
        foreach (QlogFlow flow in _flows)
        {
            flow.Dispose();
        }
    }
}
