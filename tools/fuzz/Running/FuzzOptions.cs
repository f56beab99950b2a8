namespace NexStream.Tools.Fuzz.Running;

/// <summary>What a run of the fuzzer is asked for.</summary>
internal sealed record FuzzOptions
{
    /// <summary>Inputs to run.</summary>
    public long Iterations { get; init; } = long.MaxValue;

    /// <summary>When no further input is begun.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.MaxValue;

    /// <summary>Where random choices begin.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>A directory whose files are inputs to begin with, and where inputs that reach something new are kept; null: none.</summary>
    public string? Corpus { get; init; }

    /// <summary>Where inputs that fail, and traces of what they do, are written.</summary>
    public string Failures { get; init; } = ".";

    /// <summary>How long one input may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);
}
