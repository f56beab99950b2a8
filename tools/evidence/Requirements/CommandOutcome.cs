namespace NexStream.Evidence.Requirements;

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code; null where it did not come to an end.</param>
/// <param name="Output">What it wrote, to both streams.</param>
internal sealed record CommandOutcome(int? ExitCode, string Output)
{
    /// <summary>What was wrong, in a line; null where nothing was.</summary>
    public string? Problem => ExitCode == 0 ? null : $"{(ExitCode is { } code ? $"exit code {code}" : "did not end in time")}{LastLine()}";

    private string LastLine()
    {
        string? line = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
        return line is null ? string.Empty : $": {line}";
    }
}
