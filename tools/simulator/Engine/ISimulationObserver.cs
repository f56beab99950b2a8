namespace NexStream.Simulator.Engine;

/// <summary>Looks at a simulation at regular virtual times.</summary>
internal interface ISimulationObserver
{
    /// <summary>How far apart it wants to look, in nanoseconds.</summary>
    long IntervalNs { get; }

    /// <summary>Looks.</summary>
    void OnSample(Simulation simulation, long now);
}
