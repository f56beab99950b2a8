using System.Text.Json.Serialization;

namespace NexStream.Tool.Demo;

/// <summary>How a demonstration went.</summary>
internal sealed record DemoResult
{
    /// <summary>Whether every guarantee held.</summary>
    public required bool Ok { get; init; }

    /// <summary>Which link carried it, and why that one.</summary>
    public required string Link { get; init; }

    public required ulong Seed { get; init; }

    public required bool Impaired { get; init; }

    public required IReadOnlyList<ModeResult> Modes { get; init; }

    [JsonPropertyName("sha256_sent")]
    public required string Sha256Sent { get; init; }

    [JsonPropertyName("sha256_received")]
    public required string Sha256Received { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Milliseconds of the smoothed round-trip time at the end.</summary>
    public required double RttMs { get; init; }

    /// <summary>The guarantees that were broken.</summary>
    public required IReadOnlyList<string> Failures { get; init; }
}
