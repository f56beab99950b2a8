namespace NexStream.Swarm.Running;

/// <summary>What became of a world.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Hash">A number for all that its endpoints said: the same in every run.</param>
/// <param name="Packets">Packets that were sent.</param>
/// <param name="Turns">Turns of hosts.</param>
/// <param name="VirtualNs">How long it lasted in its own time.</param>
/// <param name="Failure">The first invariant that does not hold, and what was seen; null: all hold.</param>
internal sealed record SeedResult(ulong Seed, ulong Hash, long Packets, long Turns, long VirtualNs, string? Failure);
