using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packet that a bulk transfer sends nearly always, written at once: the next new bytes of a Reliable-Ordered stream, where nothing else has to be
/// said. What is not just that is left to <see cref="TransmitPath"/> untouched. Both write the same bytes and leave the same state behind: a test runs
/// one against the other.
/// </summary>
internal sealed class PredictedTransmit(EndpointState state, SegmentStore segments)
{
    /// <summary>Writes the next packet. False: it is none of these, and nothing was done.</summary>
    public bool TryWrite(Connection connection, Path path, Instant now, Wire.Transmission transmission)
    {
        if (!path.IsValidated || path.ProbesAllowed > 0 || path.Received.AckDeadline != Instant.Never || path.Mtu.IsSearching
            || path.BytesInFlight + path.FrameLength > path.Congestion.Window
            || connection.HasControl || connection.Scheduler.IsEmpty
            || path.Pacer.NextSendTime(now, path.Congestion.PacingRate) > now
            || state.Segments.FreeCount == 0 || !state.UsesPrediction)
        {
            return false;
        }

        int index = Next(connection, path);
        ref StreamState stream = ref state.Streams[index];
        ref SendHalf send = ref stream.Send;
        ulong position = send.Window.Used;
        if (stream.Mode != TransportMode.ReliableOrdered || (stream.Flags & (StreamFlags.OpenKnown | StreamFlags.FinQueued)) != StreamFlags.OpenKnown || !send.Lost.IsEmpty
            || send.End <= position || send.Window.Limit <= position || connection.Credit.Limit <= connection.Credit.Used)
        {
            return false;
        }

        connection.PaceAt = Instant.Never;
        ulong credit = Math.Min(Math.Min(send.End, send.Window.Limit) - position, connection.Credit.Limit - connection.Credit.Used);
        int room = path.FrameLength - LinkHeader.Size - OrderedHead.Size;
        int segmentIndex = segments.Cut(
            index, ref stream, Slab<OutboundMessage>.None, ref send.Unsent, position, (int)Math.Min(credit, (uint)room));
        ref Segment segment = ref state.Segments[segmentIndex];
        int length = segment.Length;
        int size = LinkHeader.Size + OrderedHead.Size + length;
        send.Window.Used = position + (uint)length;
        connection.Credit.Used += (uint)length;
        connection.LastActivityAt = now;
        Span<PayloadSlice> slices = transmission.SliceStorage;
        for (int i = 0; i < segment.SliceCount; i++)
        {
            slices[i] = segment.Slices[i];
            state.Frames.AddReference(slices[i].Frame);
        }

        transmission.SliceCount = segment.SliceCount;
        connection.Scheduler.OnSent(state.Streams, index, length);
        ulong number = PacketNumbers.Take(state, connection, path);
        bool isMarked = path.Ecn.MarkEct0;
        byte flags = Departure.WaitsForAck(connection, path, size, stream) ? PacketHeader.AckNow : (byte)0;
        OrderedHead.Write(transmission.HeadStorage, connection.PeerTag, path.Id, flags, unchecked((uint)number), stream.Id, position);
        transmission.HeadLength = OrderedHead.Size;
        ref LinkHeader link = ref transmission.Header;
        link.Priority = stream.Priority;
        link.Ecn = isMarked ? EcnCodepoint.Ect0 : EcnCodepoint.NotEct;
        link.FrameType = LinkFrameType.StreamData;
        link.PayloadLength = (uint)(OrderedHead.Size + length);
        link.StreamId = stream.Id;
        link.Checksum = 0;
        link.Source = path.Local;
        link.Destination = path.Remote;
        Departure.Count(path, size, isMarked);
        Departure.Remember(
            state, connection, path, number, size, now, isMarked ? SentPacketFlags.Ect0 : SentPacketFlags.None, index, segmentIndex, Slab<OutboundMessage>.None, Slab<ControlRecord>.None);
        state.PredictedSent++;
        return true;
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
