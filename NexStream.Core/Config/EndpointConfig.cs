using NexStream.Core.Congestion;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;

namespace NexStream.Core.Config;

/// <summary>When an acceptor answers CONN_INIT with CONN_RETRY and keeps no state until the cookie comes back (RFC 9260 §5.1).</summary>
public enum CookieMode : byte
{
    /// <summary>Only while more connections are half open than <see cref="EndpointConfig.HalfOpenThreshold"/>.</summary>
    UnderLoad,

    /// <summary>Always: one round trip more, no state for an address that was not validated.</summary>
    Always,
}

/// <summary>What an endpoint may hold and how it accepts. Read once, when the endpoint is made; every limit is a bound on memory.</summary>
public sealed record EndpointConfig
{
    /// <summary>The length of <see cref="Key"/> in bytes.</summary>
    public const int KeySize = 2 * KeyedHash.KeySize;

    /// <summary>Index bits of a tag, and so the most paths, and connections, that an endpoint can have (docs/wire-format.md).</summary>
    public const int ConnectionsMax = 1 << 20;

    /// <summary>A connection has at most eight paths, and each but the first may have a node of its own.</summary>
    private const int FurtherNodesMax = PathView.SlotCount - 1;

    /// <summary>Who this endpoint is. Not zeros: they stand for no node, and peers drop what comes from there.</summary>
    public required NodeId Node { get; init; }

    /// <summary>
    /// 32 secret bytes. Everything that must be unguessable on the wire is a keyed function of them; with the same key and the same
    /// inputs the endpoint gives the same outputs. Draw them from the operating system, once for each endpoint.
    /// </summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Connections at a time, opened and accepted.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>
    /// Further nodes that are this endpoint as well, at most 7: frames for them are taken, paths can be opened from them (<see cref="ConnectionHandle.OpenPath"/>),
    /// and a path that a peer opens ends at one of them. None is zeros.
    /// </summary>
    public IReadOnlyList<NodeId> FurtherNodes { get; init; } = [];

    /// <summary>
    /// Paths at a time, over all connections; null: as many as <see cref="MaxConnections"/> with <see cref="ConnectionConfig.MaxPaths"/> of
    /// <see cref="Connection"/> each. Every connection has one in any case; the rest are for further paths.
    /// </summary>
    public int? MaxPaths { get; init; }

    /// <summary>Streams at a time, over all connections.</summary>
    public int MaxStreams { get; init; } = 4096;

    /// <summary>Of <see cref="MaxStreams"/>, how many can be Probabilistic: these have a record more.</summary>
    public int MaxProbabilisticStreams { get; init; } = 1024;

    /// <summary>
    /// Groups of Probabilistic messages that are waited for at a time, over all connections: without a record a message is delivered, but repairs cannot bring
    /// its neighbours back.
    /// </summary>
    public int MaxRepairGroups { get; init; } = 1024;

    /// <summary>Packets in flight at a time, over all connections.</summary>
    public int MaxPacketsInFlight { get; init; } = 32 * 1024;

    /// <summary>Messages at a time that are queued, unacknowledged, being put together or not yet read, over all connections.</summary>
    public int MaxMessages { get; init; } = 32 * 1024;

    /// <summary>Runs of buffered bytes at a time, over all connections.</summary>
    public int MaxChunks { get; init; } = 64 * 1024;

    /// <summary>Whether CONN_INIT from others is accepted.</summary>
    public bool AcceptConnections { get; init; } = true;

    /// <summary>When a cookie is asked for.</summary>
    public CookieMode Cookies { get; init; } = CookieMode.UnderLoad;

    /// <summary>Half-open connections from which on a cookie is asked for: so many can be half open at a time.</summary>
    public int HalfOpenThreshold { get; init; } = 16;

    /// <summary>
    /// Part of the arena and of <see cref="MaxChunks"/>, in 1/256, that only data which fills a gap may use, so that data out of order cannot keep out the piece that
    /// everything waits for. 16 of 256 is 1/16.
    /// </summary>
    public int ArenaReserve256 { get; init; } = 16;

    /// <summary>How accepted connections are configured.</summary>
    public ConnectionConfig Connection { get; init; } = new();

    /// <summary>Makes the congestion controllers: one for each path, made up front and used again. CUBIC unless set.</summary>
    public ICongestionControllerFactory Congestion { get; init; } = CongestionControllers.Cubic;

    /// <summary>
    /// Further congestion controllers, which a connection chooses by name (<see cref="ConnectionConfig.Congestion"/>). Of each, one per path is
    /// made up front.
    /// </summary>
    public IReadOnlyList<ICongestionControllerFactory> CongestionChoices { get; init; } = [];

    /// <summary>Decides which path a packet takes where a connection has several. The lowest round-trip time unless set.</summary>
    public IPathSchedulerFactory PathScheduler { get; init; } = PathSchedulers.LowestRtt;

    /// <summary>Further path schedulers, which a connection chooses by name (<see cref="ConnectionConfig.PathScheduler"/>).</summary>
    public IReadOnlyList<IPathSchedulerFactory> PathSchedulerChoices { get; init; } = [];

    /// <summary>How many paths there can be.</summary>
    internal int EffectivePaths => MaxPaths ?? (int)Math.Min((long)MaxConnections * Connection.MaxPaths, ConnectionsMax);

    internal void Validate()
    {
        if (Key.Length != KeySize)
        {
            throw new ArgumentException($"{nameof(Key)} has {Key.Length} bytes; an endpoint needs {KeySize}.");
        }

        CheckNode(Node, nameof(Node));
        foreach (NodeId node in FurtherNodes)
        {
            CheckNode(node, nameof(FurtherNodes));
        }

        Connection.Validate();
        Limit.Check(MaxConnections, 1, ConnectionsMax, nameof(MaxConnections));
        Limit.Check(FurtherNodes.Count, 0, FurtherNodesMax, nameof(FurtherNodes));
        Limit.Check(EffectivePaths, MaxConnections, ConnectionsMax, nameof(MaxPaths));
        Limit.Check(MaxStreams, 1, 1 << 24, nameof(MaxStreams));
        Limit.Check(MaxProbabilisticStreams, 0, 1 << 24, nameof(MaxProbabilisticStreams));
        Limit.Check(MaxRepairGroups, 0, 1 << 24, nameof(MaxRepairGroups));
        Limit.Check(MaxPacketsInFlight, 16, 1 << 26, nameof(MaxPacketsInFlight));
        Limit.Check(MaxMessages, 16, 1 << 26, nameof(MaxMessages));
        Limit.Check(MaxChunks, 16, 1 << 26, nameof(MaxChunks));
        Limit.Check(HalfOpenThreshold, 0, ConnectionsMax, nameof(HalfOpenThreshold));
        Limit.Check(ArenaReserve256, 0, 128, nameof(ArenaReserve256));
    }

    /// <summary>Zeros stand for a node that is not known: a peer drops a frame from there without a word, so that the one who sends it would never know why.</summary>
    /// <exception cref="ArgumentException">The node is zeros.</exception>
    internal static void CheckNode(NodeId node, string name)
    {
        if (node == default)
        {
            throw new ArgumentException($"{name} has a node of zeros, which stands for no node: peers drop what comes from there. Draw one, or number them from 1.", name);
        }
    }
}
