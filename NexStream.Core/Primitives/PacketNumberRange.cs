namespace NexStream.Core.Primitives;

/// <summary>A run of consecutive packet numbers of one path, both ends included.</summary>
/// <param name="First">The lowest number of the run.</param>
/// <param name="Last">The highest number of the run.</param>
internal readonly record struct PacketNumberRange(ulong First, ulong Last);
