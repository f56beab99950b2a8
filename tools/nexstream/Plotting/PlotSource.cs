using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Observation;
using NexStream.Simulator.Results;

namespace NexStream.Tool.Plotting;

/// <summary>What a picture is made from.</summary>
/// <param name="Name">The scenario's.</param>
/// <param name="Simulation">After its run.</param>
/// <param name="Sampler">What was seen while it ran.</param>
/// <param name="Result">What it came to.</param>
internal sealed record PlotSource(string Name, Simulation Simulation, Sampler Sampler, SimulationResult Result)
{
    /// <summary>Counts and measured rates are taken over so many intervals: fewer than samples, or they would show single packets.</summary>
    private const int IntervalsMax = 150;

    /// <summary>Samples in an interval over which is counted and measured.</summary>
    public int Stride => Math.Max(1, (Sampler.Link.Count - 1 + IntervalsMax - 1) / IntervalsMax);

    /// <summary>How long such an interval is, in nanoseconds.</summary>
    public long IntervalNs => Stride * Sampler.IntervalNs;

    /// <summary>The virtual time of a sample, in seconds.</summary>
    public double SecondsAt(int sample) => (double)Sampler.Link[sample].At / Instant.Second;

    /// <summary>The intervals, as the samples at their beginning and end. The last one may be shorter.</summary>
    public IEnumerable<(int From, int To)> Intervals()
    {
        for (int from = 0; from < Sampler.Link.Count - 1; from += Stride)
        {
            yield return (from, Math.Min(from + Stride, Sampler.Link.Count - 1));
        }
    }
}
