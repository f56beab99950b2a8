using NexStream.Tool.Transfer;

namespace NexStream.Tool.Output;

/// <summary>What send prints with --json.</summary>
internal sealed record SendReport(bool Ok, string To, string Mode, IReadOnlyList<FileReport> Files, long Bytes, double Seconds, double GoodputMbps);
