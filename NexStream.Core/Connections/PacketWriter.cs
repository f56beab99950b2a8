using System.Runtime.CompilerServices;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// Builds one packet on one path: acknowledgement, control frames, then the data of the stream whose turn it is, as far as
/// congestion control, pacing and the limit for unvalidated addresses allow.
/// </summary>
internal sealed class PacketWriter(
    EndpointState state, ControlWriter control, PathControlWriter pathControl, StreamLifecycle lifecycle, ReliableOrderedSender orderedSender,
    MessageSender messageSender, SegmentWriter segments, MtuProber mtuProber, Migration migration)
{
    /// <summary>What a question or an answer takes with its headers: with less left to it an unvalidated node is sent nothing.</summary>
    private const int OwnFrameMin = LinkHeader.Size + PacketHeader.Size + PingFrame.WireSize;

    private readonly Action<int> _reap = lifecycle.Reap;

    /// <summary>For the acknowledgement at hand: the stack would have to be cleared for each.</summary>
    private readonly PacketNumberRange[] _ranges = new PacketNumberRange[PacketAckFrame.RangeCountMax];

    /// <summary>The reliable data that the packet written last carried, of a connection with several paths.</summary>
    public DataCopy Last { get; private set; }

    /// <summary>Whether it carried data of a stream.</summary>
    public bool LastHadData { get; private set; }

    /// <summary>Asks the node that may be the peer's new one on a path, when that is due.</summary>
    public bool TryAsk(Connection connection, Path path, Instant now, Wire.Transmission transmission) =>
        path.Challenge.IsActive && migration.TryAsk(connection, path, now, transmission);

    /// <summary>Whether there is nothing at all to write now: most often that is so when a turn asks, and it is found out before a packet is begun.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasNothing(Connection connection, Path path, Instant now)
    {
        if (path.Received.AckDeadline <= now || path.ProbesAllowed > 0 || path.Control != PathControl.None || connection.HasControl
            || path.Mtu.IsSearching || path.Challenge.IsActive || connection.Scheduler.DropSpent(state.Streams))
        {
            return false;
        }

        if (path.HasWindow)
        {
            path.Rate.OnApplicationLimited(path.BytesInFlight);
        }

        return true;
    }

    /// <summary>Writes whatever there is: what belongs to the path, and what any path may carry.</summary>
    public bool TryWriteAny(Connection connection, Path path, Instant now, int frameLength, Wire.Transmission transmission)
    {
        bool owesAck = path.Received.AckImmediately || path.Received.AckDeadline <= now;
        bool hasWindow = path.HasWindow;
        bool hasControl = hasWindow && (connection.HasControl || path.Control != PathControl.None);
        bool hasData = hasWindow && connection.Scheduler.DropSpent(state.Streams) && IsPaced(connection, path, now);
        if (hasWindow && connection.Scheduler.IsEmpty)
        {
            path.Rate.OnApplicationLimited(path.BytesInFlight);
        }

        if (hasWindow && path.ProbesAllowed == 0 && MtuProber.Due(connection, path, now) is > 0 and int length && TryProbeMtu(connection, path, length, now, transmission))
        {
            return true;
        }

        return (owesAck || hasControl || hasData || path.ProbesAllowed > 0) && TryWrite(connection, path, now, hasWindow, hasData, frameLength, transmission);
    }

    /// <summary>Writes what there is.</summary>
    private bool TryWrite(Connection connection, Path path, Instant now, bool hasWindow, bool hasData, int frameLength, Wire.Transmission transmission)
    {
        // Field by field, in place: with an initializer it would be made elsewhere and copied.
        var builder = new PacketBuilder(transmission, frameLength);
        builder.PathBit = path.SlotBit;
        builder.ControlsLeft = state.ControlsForPacket;
        bool reportsAll = false;
        if (path.Received.AckDeadline != Instant.Never)
        {
            WriteAck(connection, path, now, ref builder, out reportsAll);
        }

        // Asked again: an acknowledgement that reports marks makes control of its own.
        if (hasWindow && (connection.HasControl || path.Control != PathControl.None))
        {
            WriteControl(connection, path, now, ref builder);
        }

        if (hasData)
        {
            WriteData(connection, path, now, ref builder);
            if (builder.IsEmpty && connection.HasControl)
            {
                // Of a stream whose turn it was all messages were thinned out: now that none is left it is closed, and nothing else would bring that to the peer.
                WriteControl(connection, path, now, ref builder);
            }
        }

        if (path.ProbesAllowed > 0 && !builder.IsAckEliciting)
        {
            // Nothing to say is no reason not to probe (RFC 9002 §6.2.4).
            path.Control |= PathControl.Ping;
            pathControl.WriteOwn(connection, path, ref builder);
        }

        return TryFinish(connection, path, now, reportsAll, ref builder);
    }

    /// <summary>Writes what belongs to the path alone: a question, an answer, a probe, and its acknowledgement as long as it carries data or is to carry some.</summary>
    public bool TryWriteOwn(Connection connection, Path path, Instant now, Wire.Transmission transmission)
    {
        bool owesAck = path.IsUsable && (path.Received.AckImmediately || path.Received.AckDeadline <= now);
        bool hasWindow = path.HasWindow;
        bool hasControl = hasWindow && (path.Control & (PathControl.Ping | PathControl.Pong | PathControl.Congestion)) != PathControl.None;
        if (hasWindow && path.IsUsable && path.ProbesAllowed == 0 && MtuProber.Due(connection, path, now) is > 0 and int length
            && TryProbeMtu(connection, path, length, now, transmission))
        {
            return true;
        }

        int frameLength = path.FrameLengthNow;
        if ((!owesAck && !hasControl && path.ProbesAllowed == 0) || frameLength < OwnFrameMin || path.State == PathState.Offering)
        {
            return false;
        }

        var builder = new PacketBuilder(transmission, frameLength) { ControlsLeft = state.ControlsForPacket };
        bool reportsAll = false;
        if (hasControl || path.ProbesAllowed > 0)
        {
            path.Control |= path.ProbesAllowed > 0 && !hasControl ? PathControl.Ping : PathControl.None;
            pathControl.WriteOwn(connection, path, ref builder);
        }

        if (path.Received.AckDeadline != Instant.Never && path.State != PathState.Silent)
        {
            WriteAck(connection, path, now, ref builder, out reportsAll);
        }

        return TryFinish(connection, path, now, reportsAll, ref builder);
    }

    /// <summary>
    /// Acknowledges on one path what came on it, or on another, if that is due, and says nothing else. An acknowledgement needs no record, and must not wait for one: two
    /// endpoints that have run out of them, each waiting for the other's, would wait for ever, and a host would be told again and again of one that is due.
    /// </summary>
    public bool TryWriteAckOnly(Connection connection, Path acknowledged, Path carrier, Instant now, Wire.Transmission transmission)
    {
        if (!acknowledged.Received.AckImmediately && acknowledged.Received.AckDeadline > now)
        {
            return false;
        }

        // The frame says whose numbers it names.
        var builder = new PacketBuilder(transmission, carrier.FrameLengthNow);
        WriteAck(connection, acknowledged, now, ref builder, out _);
        return TryFinish(connection, carrier, now, reportsAll: false, ref builder);
    }

    /// <summary>Sends data that is under way on another path once more. The loss of the copy says nothing: the data waits for the packet that it went in first.</summary>
    public bool TryWriteCopy(Connection connection, Path path, in DataCopy copy, Instant now, Wire.Transmission transmission)
    {
        ref StreamState stream = ref state.Streams[copy.Stream];
        var builder = new PacketBuilder(transmission, path.FrameLength) { ControlsLeft = state.ControlsForPacket };
        int room = SegmentWriter.PayloadRoom(copy.Stream, stream, builder, stream.Mode);
        return stream.Generation == copy.StreamGeneration
            && (copy.Segment >= 0 ? TryCopySegment(connection, path, copy, room, now, ref builder) : TryCopyBytes(connection, path, copy, room, now, ref builder));
    }

    private bool TryCopySegment(Connection connection, Path path, in DataCopy copy, int room, Instant now, ref PacketBuilder builder)
    {
        ref Segment segment = ref state.Segments[copy.Segment];
        if (segment.Generation != copy.SegmentGeneration || segment.Length > room)
        {
            return false;
        }

        ulong packet = segment.Packet;
        byte sentOn = segment.Path;
        segments.Write(segment.Stream, state.Streams[copy.Stream], copy.Segment, ref builder);
        Finish(connection, path, now, reportsAll: false, ref builder);
        segment.Packet = packet;
        segment.Path = sentOn;
        return true;
    }

    private bool TryCopyBytes(Connection connection, Path path, in DataCopy copy, int room, Instant now, ref PacketBuilder builder)
    {
        ref StreamState stream = ref state.Streams[copy.Stream];
        if (copy.Position < stream.Send.Acknowledged || copy.Length > room)
        {
            return false;
        }

        orderedSender.WriteCopy(copy, stream, ref builder);
        Finish(connection, path, now, reportsAll: false, ref builder);
        return true;
    }

    private bool TryFinish(Connection connection, Path path, Instant now, bool reportsAll, ref PacketBuilder builder)
    {
        if (builder.IsEmpty)
        {
            return false;
        }

        Finish(connection, path, now, reportsAll, ref builder);
        return true;
    }

    private bool TryProbeMtu(Connection connection, Path path, int length, Instant now, Wire.Transmission transmission)
    {
        var builder = new PacketBuilder(transmission, length);
        if (!mtuProber.TryWrite(path, length, ref builder))
        {
            return false;
        }

        Finish(connection, path, now, reportsAll: false, ref builder);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPaced(Connection connection, Path path, Instant now)
    {
        if (path.ProbesAllowed > 0)
        {
            return true;
        }

        Instant next = path.Pacer.NextSendTime(now, path.Congestion.PacingRate);
        if (next <= now)
        {
            return true;
        }

        connection.PaceAt = next;
        return false;
    }

    /// <summary>Writes an acknowledgement when one is owed. It is complete when it reported all that there is to report.</summary>
    private void WriteAck(Connection connection, Path path, Instant now, ref PacketBuilder builder, out bool isComplete)
    {
        long delayUs = Math.Clamp((now - path.Received.LargestReceivedAt) / Instant.Microsecond, 0, uint.MaxValue);
        var ecn = new EcnCounts { Ect0 = path.Received.Ect0, Ect1 = path.Received.Ect1, Ce = path.Received.Ce };
        bool hasEcn = (ecn.Ect0 | ecn.Ect1 | ecn.Ce) != 0;
        ReadOnlySpan<PacketNumberRange> ranges = _ranges.AsSpan(0, path.Received.CopyRanges(_ranges, out isComplete));
        isComplete &= PacketAckFrame.GetWireLength(ranges.Length, hasEcn) <= builder.Writer.Remaining;
        if (!PacketAckFrame.TryWrite(ref builder.Writer, path.Id, (uint)delayUs, ranges, ecn, hasEcn, connection.Window.Limit))
        {
            isComplete = false;
            return;
        }

        path.Received.OnAckSent();
        connection.AcknowledgementsSent++;
        if (path.CongestionCount != ecn.Ce)
        {
            path.CongestionCount = ecn.Ce;
            path.Control |= PathControl.Congestion;
        }
    }

    private void WriteControl(Connection connection, Path path, Instant now, ref PacketBuilder builder)
    {
        if ((connection.Control & ConnectionControl.Accept) != 0 && Handshake.TryWriteAccept(connection, ref builder))
        {
            connection.Control &= ~ConnectionControl.Accept;
            control.RememberAccept(ref builder);
        }

        control.WriteConnection(connection, now, ref builder);
        pathControl.WriteOwn(connection, path, ref builder);
        if ((connection.Control & ConnectionControl.Paths) != 0)
        {
            pathControl.WriteAnnouncements(connection, ref builder);
        }

        control.WriteStreams(connection, now, ref builder, _reap);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteData(Connection connection, Path path, Instant now, ref PacketBuilder builder)
    {
        while (!connection.Scheduler.IsEmpty)
        {
            int index = connection.Scheduler.Next(state.Streams, path.FrameLength);
            ref StreamState stream = ref state.Streams[index];
            if (stream.Path != PathIds.None && stream.Path != path.Id && connection.Paths.Find(stream.Path) is { IsUsable: true })
            {
                // It is bound to another path: that one is chosen when it is the stream's turn again.
                return;
            }

            DataResult result = stream.IsMessageMode
                ? messageSender.TryWrite(connection, index, ref stream, ref builder)
                : orderedSender.TryWrite(connection, index, ref stream, ref builder);
            switch (result)
            {
                case DataResult.Written:
                    connection.Scheduler.OnSent(state.Streams, index, ref stream, builder.PayloadLength);
                    return;
                case DataResult.Nothing:
                    connection.Scheduler.Remove(state.Streams, index);
                    break;
                case DataResult.CreditBlocked:
                    connection.Scheduler.Block(state.Streams, index);
                    break;
                case DataResult.NoMemory:
                    connection.PaceAt = now + TransmitPath.MemoryRetryNs;
                    return;
                default:
                    return;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(Connection connection, Path path, Instant now, bool reportsAll, ref PacketBuilder builder)
    {
        if (connection.Paths.Count > 1)
        {
            Last = ContentOf(builder);
            LastHadData = builder.Stream >= 0;
        }

        ulong number = PacketNumbers.Take(state, path);
        bool isMarked = builder.IsAckEliciting && path.Ecn.MarkEct0;
        int size = LinkHeader.Size + PacketHeader.Size + builder.Writer.Length + builder.PayloadLength;
        byte priority = LinkHeader.PriorityMax;
        uint streamId = StreamId.ConnectionControl;
        bool waitsForAck;
        if (builder.Stream >= 0)
        {
            ref StreamState stream = ref state.Streams[builder.Stream];
            priority = stream.Priority;
            streamId = stream.Id;
            connection.LastActivityAt = now;
            waitsForAck = Departure.WaitsForAck(connection, path, size, stream);
        }
        else
        {
            waitsForAck = builder.IsAckEliciting && Departure.WaitsForAck(connection, path, size);
        }

        var header = new PacketHeader
        {
            Tag = path.PeerTag,
            PathId = path.Id,
            PacketNumber = unchecked((uint)number),
            Flags = waitsForAck ? PacketHeader.AckNow : (byte)0,
        };
        PacketFinisher.WriteHeaders(
            ref builder, path.Local, path.Remote, header, priority, isMarked ? EcnCodepoint.Ect0 : EcnCodepoint.NotEct, streamId);
        Departure.Count(path, size, isMarked);
        if (builder.IsAckEliciting)
        {
            SentPacketFlags flags = (isMarked ? SentPacketFlags.Ect0 : 0)
                | (builder.IsMtuProbe ? SentPacketFlags.MtuProbe : 0)
                | (reportsAll ? SentPacketFlags.ReportsReceived : 0);
            Departure.Remember(state, connection, path, number, size, now, flags, builder);
        }
    }

    private DataCopy ContentOf(in PacketBuilder builder) => new()
    {
        Stream = Math.Max(builder.Stream, 0),
        StreamGeneration = state.Streams[Math.Max(builder.Stream, 0)].Generation,
        Segment = builder.Segment,
        SegmentGeneration = state.Segments[Math.Max(builder.Segment, 0)].Generation,
        Position = builder.Position,
        Length = builder.Chunk >= 0 ? builder.PayloadLength : 0,
        Chunk = builder.Chunk,
    };
}
