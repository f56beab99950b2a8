using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>
/// Notices that a path has died while others live, and that it lives again. One probe time-out without an answer is enough to let everything that was under way go
/// elsewhere: a path that was only slow costs some packets twice, one that is dead would cost time. A dead path is asked at the pace of its probe time-out; the
/// first answer, in whatever packet it comes, brings it back.
/// </summary>
internal sealed class PathLiveness(EndpointState state, PathFactory paths, LossDetector lossDetector)
{
    /// <summary>The path with the lowest round-trip time of those that carry data; where there is none, the one that the connection was opened on.</summary>
    public static Path Best(Connection connection)
    {
        Path best = connection.Path;
        for (int i = 1; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if (path.IsUsable && (!best.IsUsable || path.Rtt.SmoothedNs < best.Rtt.SmoothedNs))
            {
                best = path;
            }
        }

        return best;
    }

    /// <summary>
    /// A probe time-out passed on one of several paths. True: what was under way there has been given to the others, and the path is asked; false: it is the
    /// only one that carries data, and is probed as the only path of a connection is.
    /// </summary>
    public bool TryGiveUp(Connection connection, Path path, Instant now)
    {
        if (path.State == PathState.Active && !HasOther(connection, path))
        {
            return false;
        }

        if (path.State.TryFallSilent())
        {
            path.SilentSince = path.LastAckElicitingSentAt;
            path.Events = PathEvents.Lost;
            state.Events.Raise(connection, ConnectionEvents.Paths);
        }

        // What was asked before is not waited for any longer, so that a path that stays dead holds a question and no more. No sign of congestion.
        path.ProbeTimeoutCount++;
        path.ProbeTimeouts++;
        lossDetector.Abandon(connection, path, now);
        lossDetector.ForgetOld(connection, path, now);
        Ask(connection, path);
        return true;
    }

    /// <summary>Something that was sent on a silent path was acknowledged: it carries data again.</summary>
    public void OnAnswer(Connection connection, Path path, Instant now)
    {
        if (!path.State.TryRevive())
        {
            return;
        }

        if (now - path.SilentSince > path.Rtt.PersistentCongestionNs(connection.PeerMaxAckDelayNs))
        {
            // Silent for as long as would be persistent congestion (RFC 9002 §7.6): nothing that was learnt before is sure to hold.
            paths.Forget(connection, path, now);
        }

        path.ProbeTimeoutCount = 0;
        path.Events = PathEvents.Ready;
        state.Events.Raise(connection, ConnectionEvents.Paths);
    }

    /// <summary>
    /// PONG came on a silent path. One that answers the last question has made the round trip, though the acknowledgement of that question did not come: the peer may have sent it on
    /// a path that is dead, and if both sides did, each would wait for the other's for ever.
    /// </summary>
    public void OnPong(Connection connection, Path path, NodeId source, ulong pingId, Instant now)
    {
        if (path.State != PathState.Silent || pingId != path.PingId || source != path.Remote)
        {
            return;
        }

        // Nothing but questions is sent there: the last of them left then. As with an acknowledgement the sample comes first, and says how long a silence is long.
        path.OnRttSample(now - path.LastAckElicitingSentAt, 0, now);
        OnAnswer(connection, path, now);
    }

    /// <summary>A packet came in on a silent path: perhaps this side's arrive again as well. It is asked at once, but not more often than once a probe time-out.</summary>
    public void OnPacket(Connection connection, Path path, Instant now)
    {
        if (path.State == PathState.Silent && now - path.LastAckElicitingSentAt > path.Rtt.PtoNs(connection.PeerMaxAckDelayNs))
        {
            Ask(connection, path);
        }
    }

    private void Ask(Connection connection, Path path)
    {
        path.Control |= PathControl.Ping;
        path.ProbesAllowed = 1;
        state.MarkReady(connection);
    }

    private static bool HasOther(Connection connection, Path path)
    {
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            if (connection.Paths[i] != path && connection.Paths[i].IsUsable)
            {
                return true;
            }
        }

        return false;
    }
}
