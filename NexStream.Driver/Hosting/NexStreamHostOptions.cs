using NexStream.Driver.Observability;

namespace NexStream.Driver.Hosting;

/// <summary>How a <see cref="NexStreamHost"/> runs. Every number is a bound.</summary>
public sealed record NexStreamHostOptions
{
    /// <summary>
    /// Operations that may be under way at a time, at least 1. It bounds the queue to the driver's thread too: each operation is in it at most twice, for
    /// its start and for its cancellation; besides those each lease, each connection and each stream have a place in it for each way to end them.
    /// </summary>
    public int MaxPendingOperations { get; init; } = 64 * 1024;

    /// <summary>How long disposing of the host waits for its connections to close gracefully.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The processor core to tie the thread to; null for none.</summary>
    public int? ProcessorCore { get; init; }

    /// <summary>
    /// What the host is called in metrics, events and nexstream top, where up to 63 bytes of UTF-8 are shown; null, the default: it has no telemetry. A name for each host of a process
    /// keeps their numbers apart. docs/observability.md.
    /// </summary>
    public string? TelemetryName { get; init; }

    /// <summary>How much of the host is shown, and how often; null for the defaults. Only with <see cref="TelemetryName"/>.</summary>
    public TelemetryOptions? Telemetry { get; init; }

    internal void Validate()
    {
        if (Telemetry is not null && TelemetryName is null)
        {
            throw new ArgumentException($"{nameof(Telemetry)} is set, but nothing is shown of a host without a name: set {nameof(TelemetryName)} too.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPendingOperations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CloseTimeout, TimeSpan.Zero);
    }
}
