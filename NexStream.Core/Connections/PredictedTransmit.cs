using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that a bulk transfer sends nearly always, written in a row: the next new bytes of a Reliable-Ordered stream, where nothing else has to
/// be said. What is not just that is left to <see cref="TransmitPath"/> untouched. Both write the same bytes and leave the same state behind: a test
/// runs one against the other.
/// </summary>
internal sealed class PredictedTransmit(EndpointState state, SegmentStore segments)
{
    /// <summary>Writes the next packets, up to one into each place. Returns how many: fewer where the next is none of these.</summary>
    public int Write(Connection connection, Path path, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        if (!path.IsValidated || path.ProbesAllowed > 0 || path.Received.AckDeadline != Instant.Never || path.Mtu.IsSearching
            || connection.HasControl || !state.UsesPrediction)
        {
            return 0;
        }

        int written = 0;
        while (written < burst.Length && !connection.Scheduler.IsEmpty && MaySend(path, now))
        {
            int count = WriteTurn(connection, path, now, burst[written..]);
            if (count == 0)
            {
                break;
            }

            written += count;
        }

        return written;
    }

    /// <summary>Whether window and pacer let a packet go, and the endpoint has the records for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MaySend(Path path, Instant now) =>
        path.BytesInFlight + path.FrameLength <= path.Congestion.Window
        && path.Pacer.NextSendTime(now, path.Congestion.PacingRate) <= now
        && state.Segments.FreeCount > 0 && state.Packets.FreeCount > 0;

    /// <summary>Writes what one stream has to send while it is its turn.</summary>
    private int WriteTurn(Connection connection, Path path, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        int index = Next(connection, path);
        ref StreamState stream = ref state.Streams[index];
        ref SendHalf send = ref stream.Send;
        if (stream.Mode != TransportMode.ReliableOrdered || (stream.Flags & (StreamFlags.OpenKnown | StreamFlags.FinQueued)) != StreamFlags.OpenKnown || !send.Lost.IsEmpty)
        {
            return 0;
        }

        bool isAlone = stream.SchedulerNext < 0;
        int room = path.FrameLength - LinkHeader.Size - OrderedHead.Size;
        int count = 0;
        do
        {
            ulong position = send.Window.Used;
            ulong limit = Math.Min(send.End, send.Window.Limit);
            if (limit <= position || connection.Credit.Limit <= connection.Credit.Used)
            {
                break;
            }

            connection.Scheduler.Top(ref stream, path.FrameLength);
            bool isMarked = path.Ecn.MarkEct0;
            ulong credit = Math.Min(limit - position, connection.Credit.Limit - connection.Credit.Used);
            Wire.Transmission transmission = burst[count];
            int segmentIndex = segments.CutForLink(index, ref send, position, (int)Math.Min(credit, (uint)room), transmission, out int length);
            int size = LinkHeader.Size + OrderedHead.Size + length;
            send.Window.Used = position + (uint)length;
            connection.Credit.Used += (uint)length;
            Invariant.Check(length > 0 && send.Window.Used <= send.Window.Limit, "A stream sends within its credit.");
            connection.Scheduler.OnSent(state.Streams, index, ref stream, length);
            ulong number = PacketNumbers.Take(state, connection, path);
            byte flags = Departure.WaitsForAck(connection, path, size, stream) ? PacketHeader.AckNow : (byte)0;
            OrderedHead.Write(transmission.HeadStorage, connection.PeerTag, path.Id, flags, unchecked((uint)number), stream.Id, position);
            transmission.HeadLength = OrderedHead.Size;
            WriteLink(ref transmission.Header, path, stream, isMarked, length);
            Departure.Count(path, size, isMarked);
            Departure.Remember(
                state, connection, path, number, size, now, isMarked ? SentPacketFlags.Ect0 : SentPacketFlags.None, index, segmentIndex, Slab<OutboundMessage>.None, Slab<ControlRecord>.None);
            count++;
        }
        while (count < burst.Length && (isAlone || stream.Deficit > 0) && MaySend(path, now));

        if (count > 0)
        {
            connection.PaceAt = Instant.Never;
            connection.LastActivityAt = now;
            state.PredictedSent += (uint)count;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteLink(ref LinkHeader link, Path path, in StreamState stream, bool isMarked, int length)
    {
        link.Priority = stream.Priority;
        link.Ecn = isMarked ? EcnCodepoint.Ect0 : EcnCodepoint.NotEct;
        link.FrameType = LinkFrameType.StreamData;
        link.PayloadLength = (uint)(OrderedHead.Size + length);
        link.StreamId = stream.Id;
        link.Checksum = 0;
        link.Source = path.Local;
        link.Destination = path.Remote;
    }

    /// <summary>The stream whose turn it is. Those in front that have sent all that they may leave the rotation, as long as others stay in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Next(Connection connection, Path path)
    {
        while (true)
        {
            int index = connection.Scheduler.Next(state.Streams, path.FrameLength);
            ref StreamState stream = ref state.Streams[index];
            ref SendHalf send = ref stream.Send;
            bool isSpent = send.Window.Used >= Math.Min(send.End, send.Window.Limit) && stream.Mode == TransportMode.ReliableOrdered && send.Lost.IsEmpty;
            if (!isSpent || stream.SchedulerNext < 0)
            {
                return index;
            }

            connection.Scheduler.Remove(state.Streams, index);
        }
    }
}
