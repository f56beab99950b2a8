using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// How connections end. Gracefully: flush, CONN_CLOSE, the peer flushes, CONN_CLOSE_ACK, and what arrived stays readable for the linger
/// time. At once: one CONN_CLOSE. Either way the record answers late packets for three probe time-outs and is then free.
/// </summary>
internal sealed class CloseSequence(EndpointState state, StreamLifecycle lifecycle, LossDetector lossDetector, ConnectionFactory factory, Handshake handshake)
{
    private const int TombstoneTimeouts = 3;

    /// <summary>The application closes gracefully.</summary>
    public void Begin(Connection connection, ReasonCode reason, Instant now)
    {
        if (connection.State == ConnectionState.Init)
        {
            End(connection, reason == ReasonCode.None ? ReasonCode.Aborted : reason, now);
        }
        else if (connection.State.TryBeginClose())
        {
            connection.CloseReason = reason;
            connection.ClosePhase = ClosePhase.Flushing;
            connection.CloseAt = now + connection.Config.Linger;
            Step(connection, now);
            state.MarkReady(connection);
        }
    }

    /// <summary>Ends the connection at once, and tells the peer: for violations, aborts and time-outs.</summary>
    public void EndWith(Connection connection, ReasonCode reason, Instant now)
    {
        bool tellPeer = connection.PeerTag != 0;
        End(connection, reason, now);
        connection.CloseFramePending = tellPeer;
    }

    /// <summary>CONN_CLOSE came.</summary>
    public ReceiveOutcome OnClose(Connection connection, in ConnCloseFrame frame, Instant now)
    {
        if (!frame.IsGraceful)
        {
            End(connection, frame.Reason, now);
            connection.CloseAcknowledgePending = true;
            return ReceiveOutcome.Accepted;
        }

        if (connection.State.TryBeginClose())
        {
            connection.CloseReason = frame.Reason;
            connection.CloseAt = now + connection.Config.Linger;
            connection.ClosePhase = ClosePhase.FlushingForPeer;
            state.Events.Raise(connection, ConnectionEvents.Closing);
        }
        else if (connection.ClosePhase is ClosePhase.Flushing or ClosePhase.AwaitingAcknowledgement)
        {
            // Both sides close: each flushes and acknowledges, nobody waits for the other's acknowledgement.
            connection.ClosePhase = ClosePhase.FlushingForPeer;
            connection.CloseFramePending = false;
        }
        else if (connection.ClosePhase == ClosePhase.Readable)
        {
            connection.CloseAcknowledgePending = true;
        }

        return ReceiveOutcome.Accepted;
    }

    public void OnCloseAcknowledged(Connection connection, Instant now)
    {
        if (connection.ClosePhase == ClosePhase.AwaitingAcknowledgement)
        {
            FinishOnWire(connection, now);
        }
    }

    /// <summary>CONN_CLOSE instead of CONN_ACCEPT.</summary>
    public void OnRefused(Connection connection, ReasonCode reason, Instant now) => End(connection, reason, now);

    /// <summary>The peer does not know the connection (any more).</summary>
    public void OnUnknown(Connection connection, Instant now)
    {
        switch (connection.ClosePhase)
        {
            case ClosePhase.AwaitingAcknowledgement:
                // Everything was flushed and acknowledged: the peer has closed, and forgotten the close whose acknowledgement was lost.
                FinishOnWire(connection, now);
                break;
            case ClosePhase.Readable:
                // Both are done with each other; what arrived can still be read.
                break;
            default:
                End(connection, ReasonCode.ConnectionUnknown, now);
                break;
        }
    }

    /// <summary>A packet for a connection that ended: the answer is repeated, at most once a probe time-out (RFC 9000 §10.2.1).</summary>
    public void OnLatePacket(Connection connection, ReadOnlySpan<byte> frames, Instant now)
    {
        var reader = new FrameReader(frames);
        bool asksForAcknowledgement = false;
        while (reader.TryRead(out RawFrame raw))
        {
            asksForAcknowledgement |= raw.Type == FrameType.ConnClose;
            if (raw.Type == FrameType.ConnCloseAck)
            {
                return;
            }
        }

        if (now < connection.NextCloseAt || connection.PeerTag == 0)
        {
            return;
        }

        connection.NextCloseAt = now + TimeoutNs(connection);
        connection.CloseAcknowledgePending |= asksForAcknowledgement;
        connection.CloseFramePending |= !asksForAcknowledgement;
        state.MarkReady(connection);
    }

    /// <summary>Goes on with a close as far as it can: after every packet, time-out and read.</summary>
    public void Step(Connection connection, Instant now)
    {
        bool isFlushed = connection.SendBuffered == 0 && connection.Skips.IsEmpty && connection.ControlList.IsEmpty && connection.FlushList.Head < 0;
        switch (connection.ClosePhase)
        {
            case ClosePhase.Flushing when isFlushed:
                connection.ClosePhase = ClosePhase.AwaitingAcknowledgement;
                connection.CloseFramePending = true;
                state.MarkReady(connection);
                break;
            case ClosePhase.FlushingForPeer when isFlushed:
                connection.CloseAcknowledgePending = true;
                FinishOnWire(connection, now);
                break;
            case ClosePhase.Readable when connection.ReadyBytes == 0:
                // The next time-out ends it: until then the application can read, of the streams that ended, that they did.
                connection.CloseAt = Instant.Min(connection.CloseAt, now + 1);
                state.MarkDeadline(connection);
                break;
            default:
                break;
        }
    }

    /// <summary>A close timer fired.</summary>
    public void OnTimeout(Connection connection, Instant now)
    {
        if (connection.ClosePhase == ClosePhase.Tombstone)
        {
            if (connection.CloseAt <= now && (connection.Events & ConnectionEvents.ClosedTold) != 0)
            {
                factory.Free(connection);
            }

            return;
        }

        if (connection.CloseAt <= now && connection.ClosePhase == ClosePhase.Readable && connection.ReadyBytes == 0)
        {
            End(connection, connection.CloseReason, now);
        }
        else if (connection.CloseAt <= now)
        {
            // The linger time is over: what was not flushed is given up, and the closing event reports it.
            EndWith(connection, connection.CloseReason, now);
        }
        else if (connection.NextCloseAt <= now && connection.ClosePhase == ClosePhase.AwaitingAcknowledgement)
        {
            connection.CloseFramePending = true;
            state.MarkReady(connection);
        }
    }

    /// <summary>The application has fetched the closing event.</summary>
    public void OnTold(Connection connection)
    {
        connection.Events = ConnectionEvents.ClosedTold;
        if (connection.CloseAt <= state.Now)
        {
            factory.Free(connection);
        }

        state.MarkDeadline(connection);
    }

    /// <summary>Writes CONN_CLOSE or CONN_CLOSE_ACK, one of which is pending.</summary>
    public void Write(Connection connection, Instant now, Wire.Transmission transmission)
    {
        Path path = PathFor(connection);
        var builder = new PacketBuilder(transmission, path.FrameLength);
        if (connection.CloseFramePending)
        {
            bool isGraceful = connection.ClosePhase == ClosePhase.AwaitingAcknowledgement;
            new ConnCloseFrame { Reason = connection.CloseReason, IsGraceful = isGraceful }.TryWrite(ref builder.Writer);
            if (isGraceful)
            {
                connection.NextCloseAt = now + LossDetector.BackedOff(TimeoutNs(connection), connection.CloseAttempts);
                state.MarkDeadline(connection);
            }
        }
        else
        {
            default(ConnCloseAckFrame).TryWrite(ref builder.Writer);
        }

        connection.CloseAttempts++;
        connection.CloseFramePending = false;
        connection.CloseAcknowledgePending = false;
        var header = new PacketHeader { Tag = path.PeerTag, PathId = path.Id, PacketNumber = unchecked((uint)path.NextPacketNumber++) };
        PacketFinisher.WriteHeaders(ref builder, path.Local, path.Remote, header, LinkHeader.PriorityMax, EcnCodepoint.NotEct);
        path.PacketsSent++;
        path.BytesSent += transmission.Header.PayloadLength + LinkHeader.Size;
    }

    /// <summary>Those that carry data take turns: one of them may have died without having been noticed.</summary>
    private static Path PathFor(Connection connection)
    {
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[(i + connection.CloseAttempts) % connection.Paths.Count];
            if (path.IsUsable)
            {
                return path;
            }
        }

        return connection.Path;
    }

    private static long TimeoutNs(Connection connection) => connection.Path.Rtt.PtoNs(connection.PeerMaxAckDelayNs);

    /// <summary>Nothing more happens on the wire; what arrived may still be read until the linger time ends.</summary>
    private void FinishOnWire(Connection connection, Instant now)
    {
        connection.ClosePhase = ClosePhase.Readable;
        Step(connection, now);
        state.MarkReady(connection);
    }

    private void End(Connection connection, ReasonCode reason, Instant now)
    {
        if (!connection.State.TryEnd())
        {
            return;
        }

        connection.CloseReason = reason;
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            lossDetector.ForgetAll(connection.Paths[i]);
            connection.Paths[i].Events = PathEvents.None;
        }

        connection.UntoldPaths = default;
        lifecycle.KillAll(connection);
        connection.PeerPending.Clear(state.Ranges);
        connection.Memory.Sending.Drop(state.Frames);
        connection.Memory.Received.Drop(state.Frames);
        connection.Control = ConnectionControl.None;
        handshake.OnEnded(connection);
        connection.ClosePhase = ClosePhase.Tombstone;
        connection.CloseAt = connection.PeerTag == 0 ? now : now + (TombstoneTimeouts * TimeoutNs(connection));
        connection.NextCloseAt = now + TimeoutNs(connection);
        if (connection.IsKnownToApplication)
        {
            state.Events.Raise(connection, ConnectionEvents.Closed);
        }
        else
        {
            connection.Events = ConnectionEvents.ClosedTold;
        }

        state.MarkReady(connection);
    }
}
