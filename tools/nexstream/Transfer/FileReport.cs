namespace NexStream.Tool.Transfer;

/// <summary>What became of one file.</summary>
/// <param name="Name">Its name; at the receiver the safe one.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Ok">Whether it is stored and its hash is right.</param>
/// <param name="Seconds">From its first byte to the answer.</param>
/// <param name="Error">What happened and what to do; null when nothing did.</param>
internal sealed record FileReport(string Name, long Bytes, bool Ok, double Seconds, string? Error);
