using NexStream.Core.Primitives;

namespace NexStream.Driver.Observability;

/// <summary>How much of a driver is shown, and how often. Validated when the telemetry is attached.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Nanoseconds between two looks at the endpoint, on the driver's thread, each of some microseconds. 100 ms: what a person sees as live.</summary>
    public long IntervalNs { get; init; } = 100 * Instant.Millisecond;

    /// <summary>Connections that are shown one by one; sums count all.</summary>
    public int ConnectionsMax { get; init; } = 64;

    /// <summary>Streams that are shown one by one; sums count all.</summary>
    public int StreamsMax { get; init; } = 256;

    /// <summary>Whether other processes of this user can look (nexstream top). The snapshot then lies in a file in memory, which is gone with the telemetry.</summary>
    public bool IsShared { get; init; } = true;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(IntervalNs);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ConnectionsMax, TelemetryBlock.RecordsMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(StreamsMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(StreamsMax, TelemetryBlock.RecordsMax);
    }
}
