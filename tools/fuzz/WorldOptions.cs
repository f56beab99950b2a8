using NexStream.Core.Config;

namespace NexStream.Tools.Fuzz;

/// <summary>What two endpoints are like.</summary>
internal sealed record WorldOptions
{
    /// <summary>Whether callers have to show that they receive where they say.</summary>
    public bool Cookies { get; init; }

    /// <summary>Whether packet numbers and offsets begin shortly before they need more than 32 bits.</summary>
    public bool AtBoundary { get; init; }

    /// <summary>Frames of each arena, at most <see cref="Host.FramesMax"/>.</summary>
    public int FrameCount { get; init; } = Host.FramesMax;

    /// <summary>Changes the configuration of both.</summary>
    public Func<EndpointConfig, EndpointConfig> Configure { get; init; } = config => config;
}
