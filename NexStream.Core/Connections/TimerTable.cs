using NexStream.Core.Events;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Core.Connections;

/// <summary>
/// The deadlines of a connection. None is stored twice: each is read from the state that it follows from, so that it cannot disagree
/// with it; the earliest is what the host is told.
/// </summary>
internal sealed class TimerTable(
    EndpointState state, LossDetector lossDetector, CloseSequence closing, StreamLifecycle lifecycle,
    OutboundMessages messages, MessageSender messageSender, ReliableOrderedSender orderedSender, ProbabilisticSender probabilisticSender,
    ProbabilisticReceiver probabilisticReceiver, PathLifecycle paths, PathLiveness liveness)
{
    /// <summary>The earliest deadline, and which it is.</summary>
    public static Instant Earliest(EndpointState state, Connection connection, out TimerKind kind)
    {
        kind = TimerKind.None;
        Instant earliest = Instant.Never;
        if (connection.State == ConnectionState.Closed)
        {
            Consider(connection.ClosePhase == ClosePhase.Tombstone ? connection.CloseAt : Instant.Never, TimerKind.Close, ref earliest, ref kind);
            return earliest;
        }

        if (connection.ClosePhase == ClosePhase.Readable)
        {
            // Nothing is sent any more: a timer that asks for sending would be due for ever.
            Consider(connection.CloseAt, TimerKind.Close, ref earliest, ref kind);
            return earliest;
        }

        Consider(Instant.Min(connection.NextInitAt, connection.HandshakeEndsAt), TimerKind.Handshake, ref earliest, ref kind);
        if (connection.State == ConnectionState.Init)
        {
            return earliest;
        }

        Path path = connection.Path;
        Consider(LossOrProbeAt(connection, path), TimerKind.LossDetection, ref earliest, ref kind);
        Consider(path.Received.AckDeadline, TimerKind.Acknowledgement, ref earliest, ref kind);
        Consider(connection.PaceAt, TimerKind.Pacing, ref earliest, ref kind);
        Consider(connection.DeadlineHeap >= 0 ? state.Messages[connection.DeadlineHeap].Deadline : Instant.Never, TimerKind.Message, ref earliest, ref kind);
        Consider(path.Challenge.NextAt, TimerKind.PathValidation, ref earliest, ref kind);
        if (connection.Paths.Count > 1)
        {
            ConsiderFurtherPaths(connection, ref earliest, ref kind);
        }

        Consider(RepairAt(state, connection), TimerKind.Repair, ref earliest, ref kind);
        Consider(connection.KeepAliveAt, TimerKind.KeepAlive, ref earliest, ref kind);
        Consider(IdleAt(connection), TimerKind.Idle, ref earliest, ref kind);
        Consider(connection.CloseAt, TimerKind.Close, ref earliest, ref kind);
        if (connection.ClosePhase == ClosePhase.AwaitingAcknowledgement)
        {
            Consider(connection.NextCloseAt, TimerKind.Close, ref earliest, ref kind);
        }

        return earliest;
    }

    /// <summary>Does whatever is due. Called early or late, it does only what the time calls for.</summary>
    public void OnTimeout(Connection connection, Instant now)
    {
        if (connection.State == ConnectionState.Closed || connection.CloseAt <= now || connection.NextCloseAt <= now)
        {
            closing.OnTimeout(connection, now);
        }

        if (connection.State == ConnectionState.Closed)
        {
            return;
        }

        if (connection.HandshakeEndsAt <= now)
        {
            closing.EndWith(connection, ReasonCode.HandshakeTimeout, now);
            return;
        }

        if (connection.State == ConnectionState.Init)
        {
            state.MarkReady(connection);
            return;
        }

        if (IdleAt(connection) <= now)
        {
            bool isSilent = IsOutstanding(connection) && PeerSilentAt(connection) <= now;
            closing.EndWith(connection, isSilent ? ReasonCode.PeerUnresponsive : ReasonCode.IdleTimeout, now);
            return;
        }

        if (connection.Paths.Count > 1)
        {
            OnPathTimeouts(connection, now);
        }
        else if (LossOrProbeAt(connection, connection.Path) <= now)
        {
            lossDetector.OnTimeout(connection, connection.Path, now);
        }

        ExpireMessages(connection, now);
        probabilisticSender.OnTimeout(connection, now);
        probabilisticReceiver.OnTimeout(connection, now);
        if (connection.KeepAliveAt <= now)
        {
            Instant quietUntil = connection.LastReceivedAt + connection.Config.KeepAlive;
            if (quietUntil <= now)
            {
                PathLiveness.Best(connection).Control |= PathControl.Ping;
                quietUntil = now + connection.Config.KeepAlive;
            }

            connection.KeepAliveAt = quietUntil;
        }

        closing.Step(connection, now);
        state.MarkReady(connection);
    }

    private static void ConsiderFurtherPaths(Connection connection, ref Instant earliest, ref TimerKind kind)
    {
        for (int i = 1; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            Consider(LossOrProbeAt(connection, path), TimerKind.LossDetection, ref earliest, ref kind);
            Consider(path.Received.AckDeadline, TimerKind.Acknowledgement, ref earliest, ref kind);
            Consider(Instant.Min(path.Challenge.NextAt, path.ValidationEndsAt), TimerKind.PathValidation, ref earliest, ref kind);
        }
    }

    /// <summary>From the last to the first, because one may go.</summary>
    private void OnPathTimeouts(Connection connection, Instant now)
    {
        for (int i = connection.Paths.Count - 1; i >= 0; i--)
        {
            Path path = connection.Paths[i];
            if (path.ValidationEndsAt <= now)
            {
                paths.OnTimeout(connection, path, now);
            }
            else if (LossOrProbeAt(connection, path) <= now && (path.LossAt <= now || !liveness.TryGiveUp(connection, path, now)))
            {
                lossDetector.OnTimeout(connection, path, now);
            }
        }
    }

    /// <summary>
    /// Whether something is under way that the peer has to acknowledge. Questions on a path that is silent or not validated do not count, as long as another carries
    /// data: nobody need be there.
    /// </summary>
    private static bool IsOutstanding(Connection connection)
    {
        if (connection.Path is { AckElicitingInFlight: > 0, State: PathState.Active })
        {
            return true;
        }

        for (int i = 1; i < connection.Paths.Count; i++)
        {
            if (connection.Paths[i] is { AckElicitingInFlight: > 0, State: PathState.Active })
            {
                return true;
            }
        }

        return false;
    }

    private static void Consider(Instant candidate, TimerKind candidateKind, ref Instant earliest, ref TimerKind kind)
    {
        if (candidate < earliest)
        {
            earliest = candidate;
            kind = candidateKind;
        }
    }

    private static Instant LossOrProbeAt(Connection connection, Path path) =>
        path.LossAt != Instant.Never ? path.LossAt : path.ProbesAllowed > 0 ? Instant.Never : LossDetector.ProbeAt(connection, path);

    private static Instant RepairAt(EndpointState state, Connection connection)
    {
        Instant flush = connection.FlushList.DueAt(state.Probabilistic);
        Instant report = connection.ReportList.DueAt(state.Probabilistic);
        Instant group = connection.GroupList.DueAt(state.Groups);
        return Instant.Min(Instant.Min(flush, report), group);
    }

    private static Instant PeerSilentAt(Connection connection) =>
        Instant.Max(connection.LastReceivedAt, connection.OutstandingSince) + connection.Config.PeerTimeout;

    private static Instant IdleAt(Connection connection)
    {
        Instant idle = connection.LastActivityAt + connection.Config.IdleTimeout;
        return IsOutstanding(connection) ? Instant.Min(idle, PeerSilentAt(connection)) : idle;
    }

    private void ExpireMessages(Connection connection, Instant now)
    {
        while (connection.DeadlineHeap is var index && index >= 0 && state.Messages[index].Deadline <= now)
        {
            ref OutboundMessage message = ref state.Messages[index];
            if (!message.Has(MessageFlags.StreamDeadline))
            {
                messageSender.GiveUp(index);
                continue;
            }

            int stream = message.Stream;
            bool isLate = orderedSender.IsOutstandingBelow(stream, message.Number);
            messages.Finish(index, EventKind.MessageExpired);
            if (isLate)
            {
                lifecycle.TryResetSending(stream, ReasonCode.DeadlineExceeded, tellApplication: true);
            }
        }
    }
}
