using NexStream.Peers.Cases;

namespace NexStream.Peers.Results;

/// <summary>All rounds of one case.</summary>
/// <param name="Case">What was compared.</param>
/// <param name="Missing">Why the peer did not run, or null.</param>
/// <param name="OursMissing">Why ours did not run, or null.</param>
/// <param name="Rounds">Each round in the order it ran.</param>
internal sealed record CaseOutcome(PeerCase Case, string? Missing, string? OursMissing, IReadOnlyList<Round> Rounds)
{
    public IEnumerable<PeerResult> Peer => Rounds.Select(round => round.Peer).OfType<PeerResult>();

    public IEnumerable<PeerResult> Ours => Rounds.Select(round => round.Ours).OfType<PeerResult>();

    /// <summary>Ours divided by the peer's, round by round: both halves of a round ran next to each other.</summary>
    public Spread? Ratio => Spread.Of(
        from round in Rounds
        let ours = round.Ours is null ? null : Case.Figure(round.Ours)
        let peer = round.Peer is null ? null : Case.Figure(round.Peer)
        where ours is not null && peer is > 0
        select ours.Value / peer.Value);

    /// <summary>Cache-line round trips before and after each round, in nanoseconds.</summary>
    public Spread? Probe => Spread.Of(Rounds.SelectMany(round => round.ProbesNs));
}
