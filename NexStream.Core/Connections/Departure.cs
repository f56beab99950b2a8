using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Sending;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>What a packet leaves behind in the books when it goes: bytes in flight, and what is remembered until it is acknowledged.</summary>
internal static class Departure
{
    /// <summary>A small window, or send buffer, that is full asks for an acknowledgement at most every quarter of itself.</summary>
    private const ulong AcksAskedPerWindow = 4;

    /// <summary>A window of three regular groups of packets is acknowledged in time without being asked.</summary>
    private const int SmallWindowFrames = 3 * AckSchedule.RegularPackets;

    /// <summary>
    /// Whether nothing more can be sent before this packet is acknowledged: in a congestion window so small that the peer's acknowledgement would wait for
    /// more packets, and so for its whole delay; or because this is the last of a send buffer that is more than half full of what was sent, so that
    /// the application soon waits. Asked at most so often per window, so that small groups of packets do not stay small for ever.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool WaitsForAck(Connection connection, Path path, int size, in StreamState stream)
    {
        int buffer = connection.SendBuffer;
        bool isLastOfFull = !stream.HasUnsent && stream.Send.Lost.IsEmpty && stream.Send.Buffered > buffer / 2;
        if (isLastOfFull && path.BytesSent - path.AckAskedAt >= (ulong)buffer / AcksAskedPerWindow)
        {
            path.AckAskedAt = path.BytesSent;
            return true;
        }

        return WaitsForAck(connection, path, size);
    }

    /// <summary>Whether the congestion window is so small that it waits for acknowledgements when it is full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSmall(Path path) => path.Congestion.Window < SmallWindowFrames * path.FrameLength;

    /// <summary>The same for a packet without a stream's data.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool WaitsForAck(Connection connection, Path path, int size)
    {
        if (path.ProbesAllowed > 0)
        {
            return true;
        }

        long window = path.Congestion.Window;
        bool isFull = path.BytesInFlight + size + path.FrameLength > window && IsSmall(path);
        if (!isFull || connection.Scheduler.IsEmpty || path.BytesSent - path.AckAskedAt < (ulong)window / AcksAskedPerWindow)
        {
            return false;
        }

        path.AckAskedAt = path.BytesSent;
        return true;
    }

    /// <summary>Counts a packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Count(Path path, int size, bool isMarked)
    {
        path.PacketsSent++;
        path.BytesSent += (uint)size;
        path.Ecn.OnPacketsSent(isMarked);
    }

    /// <summary>Remembers an ack-eliciting packet and what it carries, and tells the pacer and the congestion controller of it.</summary>
    /// <param name="state">The endpoint.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="path">Its path.</param>
    /// <param name="number">The packet's number.</param>
    /// <param name="size">Bytes of the whole frame.</param>
    /// <param name="now">When it leaves.</param>
    /// <param name="flags">What holds for it beside what is seen here.</param>
    /// <param name="builder">The packet.</param>
    public static void Remember(
        EndpointState state, Connection connection, Path path, ulong number, int size, Instant now, SentPacketFlags flags, in PacketBuilder builder)
    {
        Invariant.Check(
            path.ProbesAllowed > 0 || (flags & SentPacketFlags.MtuProbe) != 0 || path.BytesInFlight + size <= path.Congestion.Window,
            "What is in flight stays within the congestion window, but for probes.");
        Invariant.Check(number < path.NextPacketNumber, "A packet that leaves has a number that was given.");
        Invariant.Check(connection.Credit.Used <= connection.Credit.Limit, "A connection sends within its credit.");
        if (path.AckElicitingInFlight == 0 && path.State == PathState.Active)
        {
            connection.OutstandingSince = now;
        }

        bool isFree = state.Packets.TryAllocate(out int index);
        Invariant.Check(isFree, "There is a record for every packet that is begun.");
        ref SentPacket packet = ref state.Packets[index];
        packet.Number = number;
        packet.Packets = 1;
        packet.SentAt = now;
        packet.Size = size;
        packet.Flags = flags | builder.Flags | SentPacketFlags.AckEliciting
            | (path.IsTailAcknowledged ? SentPacketFlags.FollowsAcknowledged : 0);
        path.IsTailAcknowledged = false;
        packet.Segment = builder.Segment;
        packet.Stream = builder.Stream;
        packet.Message = builder.Message;
        packet.Control = builder.Control;
        packet.Length = 0;
        if ((packet.Flags & SentPacketFlags.ReportsReceived) != 0)
        {
            packet.LargestReported = path.Received.Largest;
        }

        if (builder.Segment >= 0)
        {
            ref Segment carried = ref state.Segments[builder.Segment];
            carried.Packet = number;
            carried.Path = path.Id;
            packet.SegmentGeneration = carried.Generation;
        }

        if (builder.Stream >= 0)
        {
            packet.StreamGeneration = state.Streams[builder.Stream].Generation;
        }

        if (builder.Message >= 0)
        {
            packet.MessageGeneration = state.Messages[builder.Message].Generation;
        }

        if (builder.Chunk >= 0)
        {
            packet.Position = builder.Position;
            packet.Length = builder.PayloadLength;
            packet.Chunk = builder.Chunk;
            packet.Losses = builder.Losses;
            if (connection.Paths.Count > 1 && state.Schedulers.Of(connection).SendsCopies)
            {
                packet.Flags |= SentPacketFlags.SentAgain;
            }

            state.SegmentsReserved += (packet.Flags & SentPacketFlags.Requeued) == 0 ? 1 : 0;
        }

        path.Rate.OnSent(ref packet, path.BytesInFlight);
        path.InFlight.Append(state.Packets, index);
        path.BytesInFlight += size;
        path.AckElicitingInFlight++;
        path.LastAckElicitingSentAt = now;
        if (path.ProbesAllowed > 0)
        {
            path.ProbesAllowed--;
        }

        path.Pacer.OnSent(now, size, path.Congestion.PacingRate, state.Poll.Ns);
        path.Congestion.OnPacketsSent(now, size, path.BytesInFlight, number, path.Rate.IsApplicationLimited);
    }
}
