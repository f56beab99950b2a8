using NexStream.Peers.Results;

namespace NexStream.Peers.Cases;

/// <summary>One row: a peer, and what of ours does the same work.</summary>
/// <param name="Group">The table.</param>
/// <param name="Name">The row's name.</param>
/// <param name="Program">The peer's program: a native one, or <see cref="LiteNetLib"/>.</param>
/// <param name="Arguments">Without the duration.</param>
/// <param name="Ours">Arguments of <c>nexstream</c> without the duration, or null where nothing of ours compares.</param>
internal sealed record PeerCase(CaseGroup Group, string Name, string Program, string[] Arguments, string[]? Ours)
{
    /// <summary>The peer that this tool itself runs.</summary>
    public const string LiteNetLib = "litenetlib";

    /// <summary>Whether placement of two cores moves the figures.</summary>
    public bool TwoCores => Group is CaseGroup.Cores or CaseGroup.RoundTrip;

    /// <summary>The figure that is compared.</summary>
    public double? Figure(PeerResult result) => Group == CaseGroup.RoundTrip ? result.P50Us : result.GoodputGbps;
}
