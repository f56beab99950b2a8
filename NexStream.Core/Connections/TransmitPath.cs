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
/// Builds the next packet of a connection: acknowledgement, control frames, then the data of the stream whose turn it is, as far as
/// congestion control, pacing and the limit for unvalidated addresses allow.
/// </summary>
internal sealed class TransmitPath(
    EndpointState state, ControlWriter control, StreamLifecycle lifecycle, ReliableOrderedSender orderedSender, MessageSender messageSender,
    MtuProber mtuProber, Migration migration, PredictedTransmit predicted)
{
    /// <summary>Headers, CONN_ACCEPT and an acknowledgement: less is left to an unvalidated address only when it has had its answers.</summary>
    private const int FrameLengthUseful = 256;

    /// <summary>How long a connection waits before it looks again whether the endpoint's records came free.</summary>
    private const long MemoryRetryNs = Instant.Millisecond;

    private readonly Action<int> _reap = lifecycle.Reap;

    /// <summary>Writes the next packets, up to one into each place. Returns how many; 0: none now.</summary>
    public int Write(Connection connection, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        Path path = connection.Path;
        connection.PaceAt = Instant.Never;
        if (path.Challenge.IsActive && migration.TryAsk(connection, path, now, burst[0]))
        {
            return 1;
        }

        int frameLength = path.FrameLengthNow;
        if (frameLength < FrameLengthUseful)
        {
            connection.PaceAt = path.IsValidated ? now + MemoryRetryNs : Instant.Never;
            return 0;
        }

        if (state.Packets.FreeCount == 0 || state.Controls.FreeCount < ControlRecord.PerPacketMax)
        {
            connection.PaceAt = now + MemoryRetryNs;
            return TryWriteAckOnly(connection, path, now, frameLength, burst[0]) ? 1 : 0;
        }

        int written = predicted.Write(connection, path, now, burst);
        return written > 0 ? written : TryWriteAny(connection, path, now, frameLength, burst[0]) ? 1 : 0;
    }

    private bool TryWriteAny(Connection connection, Path path, Instant now, int frameLength, Wire.Transmission transmission)
    {
        bool owesAck = path.Received.AckImmediately || path.Received.AckDeadline <= now;
        bool hasWindow = path.ProbesAllowed > 0 || path.BytesInFlight + path.FrameLength <= path.Congestion.Window;
        bool hasControl = hasWindow && connection.HasControl;
        bool hasData = hasWindow && !connection.Scheduler.IsEmpty && IsPaced(connection, path, now);
        if (hasWindow && connection.Scheduler.IsEmpty)
        {
            path.Rate.OnApplicationLimited(path.BytesInFlight);
        }

        if (hasWindow && path.ProbesAllowed == 0 && MtuProber.Due(connection, path, now) is > 0 and int length && TryProbeMtu(connection, path, length, now, transmission))
        {
            return true;
        }

        if (!owesAck && !hasControl && !hasData && path.ProbesAllowed == 0)
        {
            return false;
        }

        var builder = new PacketBuilder(transmission, frameLength);
        bool reportsAll = false;
        if (path.Received.AckDeadline != Instant.Never)
        {
            WriteAck(connection, path, now, ref builder, out reportsAll);
        }

        // Asked again: an acknowledgement that reports marks makes control of its own.
        if (hasWindow && connection.HasControl)
        {
            WriteControl(connection, now, ref builder);
        }

        if (hasData)
        {
            WriteData(connection, path, now, ref builder);
        }

        if (path.ProbesAllowed > 0 && !builder.IsAckEliciting)
        {
            // Nothing to say is no reason not to probe (RFC 9002 §6.2.4).
            connection.Control |= ConnectionControl.Ping;
            control.WriteConnection(connection, now, ref builder);
        }

        if (builder.IsEmpty)
        {
            return false;
        }

        Finish(connection, path, now, reportsAll, ref builder);
        return true;
    }

    /// <summary>
    /// There are no records to remember a packet by. An acknowledgement needs none, and must not wait: two endpoints that have run out of them, each waiting for
    /// the other's, would wait for ever, and a host would be told again and again of an acknowledgement that is due.
    /// </summary>
    private bool TryWriteAckOnly(Connection connection, Path path, Instant now, int frameLength, Wire.Transmission transmission)
    {
        if (!path.Received.AckImmediately && path.Received.AckDeadline > now)
        {
            return false;
        }

        var builder = new PacketBuilder(transmission, frameLength);
        WriteAck(connection, path, now, ref builder, out _);
        if (builder.IsEmpty)
        {
            return false;
        }

        Finish(connection, path, now, reportsAll: false, ref builder);
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
    private static void WriteAck(Connection connection, Path path, Instant now, ref PacketBuilder builder, out bool isComplete)
    {
        long delayUs = Math.Clamp((now - path.Received.LargestReceivedAt) / Instant.Microsecond, 0, uint.MaxValue);
        var ecn = new EcnCounts { Ect0 = path.Received.Ect0, Ect1 = path.Received.Ect1, Ce = path.Received.Ce };
        bool hasEcn = (ecn.Ect0 | ecn.Ect1 | ecn.Ce) != 0;
        Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[PacketAckFrame.RangeCountMax];
        ranges = ranges[..path.Received.CopyRanges(ranges, out isComplete)];
        isComplete &= PacketAckFrame.GetWireLength(ranges.Length, hasEcn) <= builder.Writer.Remaining;
        if (!PacketAckFrame.TryWrite(ref builder.Writer, path.Id, (uint)delayUs, ranges, ecn, hasEcn, connection.Window.Limit))
        {
            isComplete = false;
            return;
        }

        path.Received.OnAckSent();
        connection.AcknowledgementsSent++;
        if (connection.CongestionCount != ecn.Ce)
        {
            connection.CongestionCount = ecn.Ce;
            connection.Control |= ConnectionControl.Congestion;
        }
    }

    private void WriteControl(Connection connection, Instant now, ref PacketBuilder builder)
    {
        if ((connection.Control & ConnectionControl.Accept) != 0 && Handshake.TryWriteAccept(connection, ref builder))
        {
            connection.Control &= ~ConnectionControl.Accept;
            control.RememberAccept(ref builder);
        }

        control.WriteConnection(connection, now, ref builder);
        control.WriteStreams(connection, now, ref builder, _reap);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteData(Connection connection, Path path, Instant now, ref PacketBuilder builder)
    {
        while (!connection.Scheduler.IsEmpty)
        {
            int index = connection.Scheduler.Next(state.Streams, path.FrameLength);
            ref StreamState stream = ref state.Streams[index];
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
                    connection.PaceAt = now + MemoryRetryNs;
                    return;
                default:
                    return;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(Connection connection, Path path, Instant now, bool reportsAll, ref PacketBuilder builder)
    {
        ulong number = PacketNumbers.Take(state, connection, path);
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
            Tag = connection.PeerTag,
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
            Departure.Remember(
                state, connection, path, number, size, now, flags, builder.Stream, builder.Segment, builder.Message, builder.Control);
        }
    }
}
