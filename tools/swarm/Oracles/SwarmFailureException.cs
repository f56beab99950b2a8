namespace NexStream.Swarm.Oracles;

/// <summary>An invariant does not hold.</summary>
/// <param name="invariant">Which, in the words of docs/reliability.md.</param>
/// <param name="detail">What was seen.</param>
internal sealed class SwarmFailureException(string invariant, string detail) : Exception($"{invariant}: {detail}")
{
    public string Invariant { get; } = invariant;
}
