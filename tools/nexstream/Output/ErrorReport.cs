namespace NexStream.Tool.Output;

/// <summary>What a command prints with --json when it could not begin.</summary>
/// <param name="Ok">Always false.</param>
/// <param name="Error">Why.</param>
internal sealed record ErrorReport(bool Ok, ErrorDetail Error);
