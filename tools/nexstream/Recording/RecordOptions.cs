using NexStream.Core.Congestion;
using NexStream.Core.Tracing;
using NexStream.Driver.Links;
using NexStream.Tool.Impairment;

namespace NexStream.Tool.Recording;

/// <summary>What a recorded run carries.</summary>
internal sealed record RecordOptions
{
    /// <summary>Where the two traces go.</summary>
    public required string Directory { get; init; }

    /// <summary>Nanoseconds for which data is sent.</summary>
    public required long DurationNs { get; init; }

    /// <summary>Application bytes a second, all modes together.</summary>
    public required double BytesPerS { get; init; }

    public ImpairmentSettings Impairment { get; init; } = new();

    public ulong Seed { get; init; } = 1;

    /// <summary>BBR keeps the rate where packets are lost by chance.</summary>
    public ICongestionControllerFactory Congestion { get; init; } = CongestionControllers.Bbr;

    public TraceDetail Detail { get; init; }

    public LinkPreference Link { get; init; } = LinkPreference.Any;
}
