using System.Runtime.CompilerServices;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// Takes in the packets of a connection: packet number, then frame by frame. A packet is recorded as received, and so acknowledged,
/// only when all of it was taken in; every frame can therefore be handled twice without harm.
/// </summary>
internal sealed class ReceivePath(
    EndpointState state, AckProcessor acknowledgements, StreamFrameHandler streams, Handshake handshake, CloseSequence closing, Migration migration,
    PathLifecycle paths, PathLiveness liveness)
{
    /// <summary>Bytes of the packet at hand that no PATH_OFFER in it was allotted yet.</summary>
    private uint _offerBytes;

    /// <summary>Handles a packet whose tag is the path's. A protection layer would open the packet here, before anything of it is believed.</summary>
    public void Process(Path path, in LinkFrame frame, in PacketHeader header, Instant now)
    {
        Connection connection = path.Owner;
        uint size = frame.Header.PayloadLength + LinkHeader.Size;
        if (connection.State == ConnectionState.Closed)
        {
            closing.OnLatePacket(connection, frame.Head[PacketHeader.Size..], now);
            return;
        }

        // Where the peer takes a path that this side offered is known when it has answered; until then only the tag tells that it is the peer.
        bool isElsewhere = frame.Header.Source != path.Remote && path.State != PathState.Offering;
        if (header.PathId != path.Id || (isElsewhere && !Migration.MayMove(connection, path)))
        {
            path.DuplicatesReceived++;
            return;
        }

        path.BytesReceived += size;
        _offerBytes = size;
        ulong number = SequenceNumber.Expand(header.PacketNumber, path.Received.HasAny ? path.Received.Largest + 1 : 0);
        if (path.Received.IsDuplicate(number))
        {
            path.DuplicatesReceived++;
            return;
        }

        if (connection.IsClient && connection.State != ConnectionState.Init && IsRetry(frame.Head))
        {
            // One more answer to a CONN_INIT that came twice: there is no state behind it, and its number is none of the connection's.
            path.DuplicatesReceived++;
            return;
        }

        if (connection.State == ConnectionState.Init && !TryBegin(connection, frame.Head[PacketHeader.Size..], now))
        {
            // Data that overtook CONN_ACCEPT is dropped unacknowledged: it comes again.
            return;
        }

        handshake.OnProof(connection);
        connection.LastReceivedAt = now;
        ReceiveOutcome outcome = ProcessFrames(connection, path, frame, now, out bool isAckEliciting);
        if (outcome.Violation != ReasonCode.None)
        {
            closing.EndWith(connection, outcome.Violation, now);
            return;
        }

        if (connection.State == ConnectionState.Closed)
        {
            return;
        }

        if (path.LocalTag != header.Tag)
        {
            // The packet closed the very path that it came on: there is nobody left to acknowledge it to.
            state.MarkReady(connection);
            return;
        }

        if (outcome.IsDropped)
        {
            connection.DroppedForMemory++;
        }
        else
        {
            if (isElsewhere && number > path.Received.Largest)
            {
                // Only the newest packet moves a path: an old one that was under way for long does not move it back (RFC 9000 §9.3).
                migration.OnPacket(connection, path, frame.Header.Source, (int)size, now);
            }

            // A peer that has moved waits for every acknowledgement that went to where it was.
            bool hasMoved = isElsewhere && frame.Header.Source == path.Remote;
            bool isAckAsked = hasMoved || (header.Flags & PacketHeader.AckNow) != 0;
            path.Received.Record(number, now, isAckEliciting, frame.Header.Ecn, isAckAsked, path.Rtt.SmoothedNs);
            path.PacketsReceived++;
            liveness.OnPacket(connection, path, now);
        }

        if (connection.ClosePhase != ClosePhase.None)
        {
            closing.Step(connection, now);
        }

        state.MarkReady(connection);
    }

    private static bool IsRetry(ReadOnlySpan<byte> head) => head.Length > PacketHeader.Size && (FrameType)head[PacketHeader.Size] == FrameType.ConnRetry;

    /// <summary>The first frame of the first packet tells whether the connection begins: CONN_ACCEPT, CONN_RETRY or CONN_CLOSE.</summary>
    private bool TryBegin(Connection connection, ReadOnlySpan<byte> frames, Instant now)
    {
        var reader = new FrameReader(frames);
        if (!reader.TryRead(out RawFrame first))
        {
            return false;
        }

        switch (first.Type)
        {
            case FrameType.ConnAccept:
                return ConnAcceptFrame.TryRead(first, out ConnAcceptFrame accept) && handshake.TryAccept(connection, accept, now);
            case FrameType.ConnRetry when ConnRetryFrame.TryRead(first, out ConnRetryFrame retry):
                handshake.OnRetry(connection, retry, now);
                return false;
            case FrameType.ConnClose when ConnCloseFrame.TryRead(first, out ConnCloseFrame close):
                closing.OnRefused(connection, close.Reason, now);
                return false;
            default:
                return false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReceiveOutcome ProcessFrames(Connection connection, Path path, in LinkFrame frame, Instant now, out bool isAckEliciting)
    {
        isAckEliciting = false;
        ulong tag = path.LocalTag;
        ReceiveOutcome worst = ReceiveOutcome.Accepted;
        var reader = new FrameReader(frame.Head[PacketHeader.Size..]);
        while (!reader.IsAtData && reader.TryRead(out RawFrame raw))
        {
            isAckEliciting |= IsAckEliciting(raw.Type);
            ReceiveOutcome outcome = ProcessControl(connection, path, raw, frame.Header.Source, now);
            if (outcome.Violation != ReasonCode.None || connection.State == ConnectionState.Closed || path.LocalTag != tag)
            {
                return Worst(worst, outcome);
            }

            if (outcome.IsDropped)
            {
                worst = outcome;
            }
        }

        if (!reader.IsAtData)
        {
            return reader.IsMalformed ? ReceiveOutcome.Violated(ReasonCode.FrameEncodingError) : worst;
        }

        // DATA or REPAIR is the last frame of its packet: what it came to is what the packet came to, unless a frame before it was dropped.
        isAckEliciting = true;
        connection.LastActivityAt = now;
        if (worst.IsDropped && (reader.IsAtRepair || !DataFrame.IsReliable(reader.Remaining)))
        {
            // The packet is not recorded, so that a copy of it would be taken in again: what is given out as it comes is given out once (NS-BE-001).
            return worst;
        }

        return Worst(worst, reader.IsAtRepair
            ? streams.OnRepair(connection, reader.Remaining, frame)
            : streams.OnData(connection, reader.Remaining, frame));
    }

    /// <summary>
    /// What a packet comes to that had a frame dropped for want of memory before this one: it comes again, whole. What seems a violation may be about the stream
    /// that the dropped frame would have opened.
    /// </summary>
    private static ReceiveOutcome Worst(in ReceiveOutcome before, in ReceiveOutcome outcome) => before.IsDropped ? before : outcome;

    private ReceiveOutcome ProcessControl(Connection connection, Path path, in RawFrame raw, NodeId source, Instant now)
    {
        switch (raw.Type)
        {
            case FrameType.DataAck:
                return StreamDataAckFrame.StreamIdOf(raw) == StreamId.ConnectionControl
                    ? OnPacketAck(connection, path, raw, now)
                    : streams.OnDataAck(connection, raw);
            case FrameType.DataNack:
                return streams.OnNack(connection, raw);
            case FrameType.WindowUpdate:
                return OnWindowUpdate(connection, raw);
            case FrameType.StreamOpen:
                connection.LastActivityAt = now;
                return streams.OnOpen(connection, raw);
            case FrameType.StreamAck:
                return streams.OnOpenAcknowledged(connection, raw);
            case FrameType.StreamClose:
                connection.LastActivityAt = now;
                return streams.OnClose(connection, raw);
            case FrameType.StreamCloseAck:
                return streams.OnCloseAcknowledged(connection, raw);
            case FrameType.StreamReset:
                connection.LastActivityAt = now;
                return streams.OnReset(connection, raw);
            case FrameType.DataSkip:
                return streams.OnSkip(connection, raw);
            case FrameType.MaxStreams:
                return OnMaxStreams(connection, raw);
            case FrameType.Ping:
                return OnPing(connection, path, raw, now);
            case FrameType.Pong:
                return OnPong(connection, path, raw, source, now);
            case FrameType.Congestion:
                return CongestionFrame.TryRead(raw, out _) ? ReceiveOutcome.Accepted : ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
            case FrameType.Padding:
                return ReceiveOutcome.Accepted;
            case FrameType.ConnClose:
                return ConnCloseFrame.TryRead(raw, out ConnCloseFrame close)
                    ? closing.OnClose(connection, close, now)
                    : ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
            case FrameType.ConnCloseAck:
                closing.OnCloseAcknowledged(connection, now);
                return ReceiveOutcome.Accepted;
            case FrameType.ConnAccept:
                // The same CONN_ACCEPT again: the first one counted.
                return connection.IsClient ? ReceiveOutcome.Accepted : ReceiveOutcome.Violated(ReasonCode.ProtocolViolation);
            case FrameType.ReceiverReport:
                return streams.OnReport(connection, raw);
            case FrameType.PathOffer:
                return OnPathOffer(connection, raw, now);
            case FrameType.PathClose:
                return PathCloseFrame.TryRead(raw, out PathCloseFrame end)
                    ? ReceiveOutcome.Violated(paths.OnClose(connection, end.PathId, now))
                    : ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
            case FrameType.ConnInit or FrameType.ConnRetry:
                return ReceiveOutcome.Violated(ReasonCode.ProtocolViolation);
            default:
                return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }
    }

    /// <summary>All frames but these are sent until they are acknowledged (docs/wire-format.md).</summary>
    private static bool IsAckEliciting(FrameType type) =>
        type is not (FrameType.DataAck or FrameType.Congestion or FrameType.ConnClose or FrameType.ConnCloseAck);

    private ReceiveOutcome OnPathOffer(Connection connection, in RawFrame raw, Instant now)
    {
        if (!PathOfferFrame.TryRead(raw, out PathOfferFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        // Several offers in one packet do not multiply what may be sent to the nodes that they name.
        uint bytes = _offerBytes;
        _offerBytes = 0;
        return ReceiveOutcome.Violated(paths.OnOffer(connection, frame, bytes, now));
    }

    private ReceiveOutcome OnPacketAck(Connection connection, Path path, in RawFrame raw, Instant now)
    {
        if (!PacketAckFrame.TryRead(raw, out PacketAckFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        // It may name the numbers of another path than the one that it came on; of one that is gone they mean nothing any more.
        Path? named = frame.PathId == path.Id ? path : connection.Paths.Find(frame.PathId);
        return ReceiveOutcome.Violated(
            named is not null ? acknowledgements.Process(connection, named, frame, now)
            : connection.UsedPaths.Contains(frame.PathId) ? ReasonCode.None
            : ReasonCode.AcknowledgementViolation);
    }

    private ReceiveOutcome OnWindowUpdate(Connection connection, in RawFrame raw)
    {
        if (!WindowUpdateFrame.TryRead(raw, out WindowUpdateFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (frame.StreamId != StreamId.ConnectionControl)
        {
            return streams.OnWindow(connection, frame);
        }

        if (connection.Credit.Raise(frame.Limit))
        {
            connection.Scheduler.Unblock(state.Streams);
        }

        return ReceiveOutcome.Accepted;
    }

    private ReceiveOutcome OnMaxStreams(Connection connection, in RawFrame raw)
    {
        if (!MaxStreamsFrame.TryRead(raw, out MaxStreamsFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        connection.PeerStreamLimit = Math.Max(connection.PeerStreamLimit, frame.MaxStreams);
        if (connection.WantsStreams && connection.NextLocalOrdinal < connection.PeerStreamLimit)
        {
            connection.WantsStreams = false;
            state.Events.Raise(connection, ConnectionEvents.StreamsAvailable);
        }

        return ReceiveOutcome.Accepted;
    }

    private static ReceiveOutcome OnPing(Connection connection, Path path, in RawFrame raw, Instant now)
    {
        if (!PingFrame.TryRead(raw, out PingFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (connection.Config.KeepAliveDefeatsIdle)
        {
            // A side that hears PINGs sends none of its own: the peer's keep-alive has to count here as well.
            connection.LastActivityAt = now;
        }

        // One answer is pending at a time, the latest: a flood of PINGs costs one PONG a packet (CVE-2023-49295).
        path.PongId = frame.PingId;
        path.Control |= PathControl.Pong;
        if (path.AnswersAllowed > 0)
        {
            path.AnswersAllowed--;
            path.ProbesAllowed = Math.Max(path.ProbesAllowed, 1);
        }

        return ReceiveOutcome.Accepted;
    }

    private ReceiveOutcome OnPong(Connection connection, Path path, in RawFrame raw, NodeId source, Instant now)
    {
        if (!PongFrame.TryRead(raw, out PongFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (frame.PingId == path.PingId && path.PingId != 0 && connection.Config.KeepAliveDefeatsIdle)
        {
            connection.LastActivityAt = now;
        }

        paths.OnPong(connection, path, source, frame.PingId);
        liveness.OnPong(connection, path, source, frame.PingId, now);
        migration.OnPong(connection, path, source, frame.PingId, now);
        return ReceiveOutcome.Accepted;
    }
}
