namespace NexStream.Peers.Results;

/// <summary>One run of each side, next to each other.</summary>
/// <param name="Ours">Null where ours did not run.</param>
/// <param name="Peer">Null where the peer did not run.</param>
/// <param name="ProbesNs">Cache-line round trips before and after; empty for one thread.</param>
internal sealed record Round(PeerResult? Ours, PeerResult? Peer, IReadOnlyList<double> ProbesNs);
