namespace NexStream.Tool.Impairment;

/// <summary>What the network does with one packet.</summary>
/// <param name="IsLost">It never arrives.</param>
/// <param name="DelayNs">Nanoseconds until it arrives.</param>
/// <param name="IsDuplicated">It arrives a second time.</param>
/// <param name="DuplicateDelayNs">Nanoseconds until it arrives the second time.</param>
internal readonly record struct PacketFate(bool IsLost, long DelayNs, bool IsDuplicated, long DuplicateDelayNs);
