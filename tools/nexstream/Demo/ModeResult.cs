using System.Text.Json.Serialization;

namespace NexStream.Tool.Demo;

/// <summary>What became of one mode's work. Counts are blocks of 64 KiB for RO and messages for the others.</summary>
internal sealed record ModeResult
{
    public required string Mode { get; init; }

    public required string Work { get; init; }

    public required long Sent { get; init; }

    public required long Delivered { get; init; }

    public required long Lost { get; init; }

    public required long Duplicated { get; init; }

    public required long Corrupted { get; init; }

    /// <summary>Packets that carried data again.</summary>
    public required long Retransmitted { get; init; }

    /// <summary>Packets that were declared lost.</summary>
    public required long PacketsLost { get; init; }

    public required long Bytes { get; init; }

    /// <summary>The share of messages that was to be delivered, where one was asked for.</summary>
    public double? Probability { get; init; }

    /// <summary>The share that was delivered, once the receiver had reported for a while.</summary>
    public double? Reached { get; init; }

    /// <summary>Repairs for each message sent, and the share of messages left out.</summary>
    public double? Overhead { get; init; }

    public double? LeftOut { get; init; }

    /// <summary>Payload delivered, in 10^6 bits per second, from the first send to the last delivery.</summary>
    public required double GoodputMbps { get; init; }

    /// <summary>Microseconds from the send call to the application's read: the median.</summary>
    [JsonPropertyName("p50_us")]
    public required double P50Us { get; init; }

    /// <summary>Microseconds from the send call to the application's read: 99 of 100 took no longer.</summary>
    [JsonPropertyName("p99_us")]
    public required double P99Us { get; init; }
}
