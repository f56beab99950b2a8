namespace NexStream.Tool.Transfer;

/// <summary>How sending went.</summary>
/// <param name="Files">What became of each file, in the order in which they ended.</param>
/// <param name="IsPeerLost">Whether the receiver was gone before everything was done.</param>
/// <param name="IsInterrupted">Whether a signal ended it.</param>
/// <param name="Seconds">From the connection to the last answer.</param>
internal sealed record SendOutcome(IReadOnlyList<FileReport> Files, bool IsPeerLost, bool IsInterrupted, double Seconds);
