using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tool.Impairment;

namespace NexStream.Tool.Demo;

/// <summary>What the demonstration carries, and over what.</summary>
internal sealed record DemoOptions
{
    /// <summary>The file for Reliable-Ordered; null: seeded bytes, <see cref="ContentBytes"/> of them.</summary>
    public string? File { get; init; }

    public long ContentBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Reliable-Unordered messages of <see cref="GradientBytes"/>.</summary>
    public int Gradients { get; init; } = 2000;

    public int GradientBytes { get; init; } = 4096;

    /// <summary>Best-Effort messages of <see cref="TelemetryBytes"/>.</summary>
    public int Telemetry { get; init; } = 2000;

    public int TelemetryBytes { get; init; } = 64;

    /// <summary>Probabilistic messages of <see cref="SampleBytes"/>.</summary>
    public int Samples { get; init; } = 2000;

    public int SampleBytes { get; init; } = 1024;

    /// <summary>The only mode that is shown; null: all at once.</summary>
    public TransportMode? Mode { get; init; }

    /// <summary>How likely samples are to be delivered; null: each is sent once.</summary>
    public double? Probability { get; init; }

    public ImpairmentSettings Impairment { get; init; } = new();

    public ulong Seed { get; init; } = 1;

    /// <summary>Nanoseconds after which the run is given up.</summary>
    public required long TimeLimitNs { get; init; }

    public LinkPreference Link { get; init; } = LinkPreference.Any;

    /// <summary>The directory for traces of both endpoints; null: nothing is recorded.</summary>
    public string? Record { get; init; }

    /// <summary>
    /// Whether the share of samples that arrives is what is shown: so many that chance hardly shows, at a steady rate, and those that come before the
    /// receiver's reports count apart.
    /// </summary>
    public bool ShowsProbability => Mode == TransportMode.Probabilistic && Probability is not null;

    /// <summary>Less work for a bad network, so that a run stays short: an eighth of the file, a quarter of the messages.</summary>
    public DemoOptions ScaledDown() => this with
    {
        ContentBytes = ContentBytes / 8,
        Gradients = Gradients / 4,
        Telemetry = Telemetry / 4,
        Samples = Samples / 4,
    };
}
