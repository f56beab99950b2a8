using NexStream.Core.Primitives;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Observation;

/// <summary>How often a scenario is looked at: a thousand times, but neither more than once in a millisecond nor less than once in a second.</summary>
internal static class SamplingInterval
{
    private const int Samples = 1000;

    public static long Of(Scenario scenario) => Math.Clamp(
        (long)(scenario.DurationS * Instant.Second / Samples), Instant.Millisecond, Instant.Second);
}
