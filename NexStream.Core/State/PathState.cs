namespace NexStream.Core.State;

/// <summary>
/// The life of a path (draft-ietf-quic-multipath §3 and §5, adapted). The path that a connection was opened on begins in use; a further one is opened by PATH_OFFER:
/// <code>
/// Offering ──the peer's PATH_OFFER──▶ Validating ──PONG──▶ Active ──probe time-out──▶ Silent
///                                          ▲                  ◀──────────answer──────────┘
///                                          └── the peer's PATH_OFFER came first
/// </code>
/// Any of them ends when either side closes the path, or when it was not validated in time.
/// </summary>
internal enum PathState : byte
{
    /// <summary>It carries what the connection has to send.</summary>
    Active,

    /// <summary>This side has offered it, and does not know yet where the peer takes its packets.</summary>
    Offering,

    /// <summary>Both sides are known; PING was sent, and nothing but questions and answers goes there until PONG comes.</summary>
    Validating,

    /// <summary>Nothing that was sent came back: what was under way went elsewhere, and only a question goes there now and then.</summary>
    Silent,
}

/// <summary>The transitions of a path, all of them. An invalid one changes nothing and answers false.</summary>
internal static class PathTransitions
{
    public static bool TryLearnPeer(ref this PathState state) => Move(ref state, PathState.Offering, PathState.Validating);

    public static bool TryValidate(ref this PathState state) => Move(ref state, PathState.Validating, PathState.Active);

    public static bool TryFallSilent(ref this PathState state) => Move(ref state, PathState.Active, PathState.Silent);

    public static bool TryRevive(ref this PathState state) => Move(ref state, PathState.Silent, PathState.Active);

    private static bool Move(ref PathState state, PathState from, PathState to)
    {
        if (state != from)
        {
            return false;
        }

        state = to;
        return true;
    }
}

/// <summary>Control frames that belong to one path, a bit each; the content is read when the frame is written.</summary>
[Flags]
internal enum PathControl : byte
{
    None = 0,
    Ping = 1 << 0,
    Pong = 1 << 1,
    Congestion = 1 << 2,

    /// <summary>PATH_OFFER, on any path that carries data.</summary>
    Offer = 1 << 3,

    /// <summary>PATH_CLOSE, on any path that carries data: the path itself is gone already.</summary>
    Close = 1 << 4,
}

/// <summary>Events of a path that the application has not fetched yet, a bit each.</summary>
[Flags]
internal enum PathEvents : byte
{
    None = 0,
    Ready = 1 << 0,
    Lost = 1 << 1,
}
