namespace NexStream.Core.State;

/// <summary>
/// The life of a connection (seed §4.3):
/// <code>
/// Closed ──connect──▶ Init ──CONN_ACCEPT──▶ Established ──close / CONN_CLOSE──▶ Closing ──CONN_CLOSE_ACK, or time──▶ Closed
///    └──CONN_INIT received───────────────────────▲
/// </code>
/// </summary>
internal enum ConnectionState : byte
{
    /// <summary>Not in use, or ended and only remembered long enough to answer what is still on its way.</summary>
    Closed,

    /// <summary>CONN_INIT was sent.</summary>
    Init,

    /// <summary>Data flows.</summary>
    Established,

    /// <summary>What was queued is flushed; see <see cref="ClosePhase"/>.</summary>
    Closing,
}

/// <summary>How far a close has come.</summary>
internal enum ClosePhase : byte
{
    /// <summary>Not closing.</summary>
    None,

    /// <summary>This side closes: its data is being flushed, CONN_CLOSE was not sent.</summary>
    Flushing,

    /// <summary>This side closes: CONN_CLOSE is repeated until CONN_CLOSE_ACK comes or the linger time ends.</summary>
    AwaitingAcknowledgement,

    /// <summary>The peer closes: this side's data is being flushed, CONN_CLOSE_ACK was not sent.</summary>
    FlushingForPeer,

    /// <summary>Ended on the wire; what arrived can still be read.</summary>
    Readable,

    /// <summary>Ended. The record answers late packets for three probe time-outs (RFC 9000 §10.2).</summary>
    Tombstone,
}

/// <summary>The transitions of a connection, all of them. An invalid one changes nothing and answers false.</summary>
internal static class ConnectionTransitions
{
    public static bool TryConnect(ref this ConnectionState state) => Move(ref state, ConnectionState.Closed, ConnectionState.Init);

    public static bool TryAccept(ref this ConnectionState state) => Move(ref state, ConnectionState.Closed, ConnectionState.Established);

    public static bool TryEstablish(ref this ConnectionState state) => Move(ref state, ConnectionState.Init, ConnectionState.Established);

    public static bool TryBeginClose(ref this ConnectionState state) => Move(ref state, ConnectionState.Established, ConnectionState.Closing);

    /// <summary>Any state but Closed may end at once: refused, timed out, violated, aborted.</summary>
    public static bool TryEnd(ref this ConnectionState state)
    {
        if (state == ConnectionState.Closed)
        {
            return false;
        }

        state = ConnectionState.Closed;
        return true;
    }

    private static bool Move(ref ConnectionState state, ConnectionState from, ConnectionState to)
    {
        if (state != from)
        {
            return false;
        }

        state = to;
        return true;
    }
}
