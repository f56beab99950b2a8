namespace NexStream.Tool.Output;

/// <summary>Why a command could not begin.</summary>
/// <param name="Code">The exit code's name.</param>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Message">What happened, where, and what to do.</param>
internal sealed record ErrorDetail(string Code, int ExitCode, string Message);
