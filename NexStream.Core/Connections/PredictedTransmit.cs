using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that a bulk transfer sends nearly always, written in a row: the next new bytes of a Reliable-Ordered stream, or whole messages
/// (<see cref="MessageTurn"/>), where nothing else has to be said. What is not just that is left to <see cref="TransmitPath"/> untouched. Both write the same bytes
/// and leave the same state behind: a test runs one against the other.
/// </summary>
internal sealed class PredictedTransmit(EndpointState state, OrderedSendBuffer buffer, MessageTurn messages)
{
    /// <summary>Writes the next packets, up to one into each place. Returns how many: fewer where the next is none of these.</summary>
    public int Write(Connection connection, Path path, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        if (!path.IsValidated || path.ProbesAllowed > 0 || path.Received.AckDeadline != Instant.Never || path.Mtu.IsSearching
            || connection.HasControl || path.Control != PathControl.None || !state.UsesPrediction)
        {
            return 0;
        }

        if (!connection.Scheduler.IsEmpty && !IsAny(state.Streams[connection.Scheduler.Head]))
        {
            return 0;
        }

        int written = 0;
        while (written < burst.Length && !connection.Scheduler.IsEmpty && MaySend(path, now))
        {
            int index = Next(connection, path);
            ref StreamState stream = ref state.Streams[index];
            int count = IsCommon(stream) ? WriteTurn(connection, path, index, now, burst[written..])
                : MessageTurn.IsCommon(stream) ? messages.Write(connection, path, index, now, burst[written..])
                : 0;
            if (count == 0)
            {
                break;
            }

            written += count;
        }

        return written;
    }

    /// <summary>Whether window and pacer let a packet go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool MaySend(Path path, Instant now) =>
        path.BytesInFlight + path.FrameLength <= path.Congestion.Window
        && path.Pacer.NextSendTime(now, path.Congestion.PacingRate) <= now;

    /// <summary>Whether all that a stream has to send is new bytes of Reliable-Ordered, on any path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsCommon(in StreamState stream) =>
        stream.Mode == TransportMode.ReliableOrdered && (stream.Flags & (StreamFlags.OpenKnown | StreamFlags.FinQueued)) == StreamFlags.OpenKnown
        && stream.Send.Lost.IsEmpty && stream.Path == PathIds.None;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsAny(in StreamState stream) => IsCommon(stream) || MessageTurn.IsCommon(stream);

    /// <summary>Writes what one stream has to send while it is its turn.</summary>
    private int WriteTurn(Connection connection, Path path, int index, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        ref StreamState stream = ref state.Streams[index];
        ref SendHalf send = ref stream.Send;
        ulong before = send.Window.Used;
        var run = new DepartureRun(state, connection, path, now);
        int most = Math.Min(burst.Length, run.PacketsMax);
        ulong behind = before + Math.Min(Math.Min(send.End - before, send.Window.Available), connection.Credit.Available);
        bool isAlone = stream.SchedulerNext < 0;
        bool isMarked = path.Ecn.MarkEct0;
        int quantum = connection.Scheduler.Quantum(stream, path.FrameLength);
        int deficit = stream.Deficit;
        int room = path.FrameLength - LinkHeader.Size - OrderedHead.Size;
        bool isSmall = Departure.IsSmall(path);
        int count = 0;
        while (count < most && send.Window.Used < behind && (count == 0 || ((isAlone || deficit > 0) && MaySend(path, now))))
        {
            ulong position = send.Window.Used;
            Wire.Transmission transmission = burst[count];
            int length = buffer.Take(ref send, (int)Math.Min(behind - position, (uint)room), transmission, out int chunk);
            deficit += deficit <= 0 ? quantum - length : -length;
            int size = LinkHeader.Size + OrderedHead.Size + length;
            Invariant.Check(length > 0 && send.Window.Used <= send.Window.Limit, "A stream sends within its credit.");
            ulong number = PacketNumbers.Take(state, path);
            bool mayWait = isSmall || send.Window.Used == send.End;
            byte flags = mayWait && Departure.WaitsForAck(connection, path, size, stream) ? PacketHeader.AckNow : (byte)0;
            OrderedHead.Write(transmission.HeadStorage, path.PeerTag, path.Id, flags, unchecked((uint)number), stream.Id, position);
            transmission.HeadLength = OrderedHead.Size;
            if (count == 0)
            {
                WriteLink(ref transmission.Header, path, stream, isMarked);
            }
            else
            {
                transmission.Header = burst[count - 1].Header;
            }

            transmission.Header.PayloadLength = (uint)(OrderedHead.Size + length);
            ref SentPacket packet = ref run.Add(path, number, size, now);
            packet.Stream = index;
            packet.StreamGeneration = stream.Generation;
            packet.Position = position;
            packet.Length = length;
            packet.Chunk = chunk;
            count++;
        }

        if (count > 0)
        {
            run.Complete(path, now, isMarked, reservesSegments: true);
            connection.Credit.Used += send.Window.Used - before;
            connection.Scheduler.OnTurn(state.Streams, index, ref stream, deficit);
            connection.PaceAt = Instant.Never;
            connection.LastActivityAt = now;
            state.PredictedSent += (uint)count;
        }

        return count;
    }

    /// <summary>The link header of all packets of a run, but for their length.</summary>
    public static void WriteLink(ref LinkHeader link, Path path, in StreamState stream, bool isMarked)
    {
        link.Priority = stream.Priority;
        link.Ecn = isMarked ? EcnCodepoint.Ect0 : EcnCodepoint.NotEct;
        link.FrameType = LinkFrameType.StreamData;
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
            bool isSpent = (stream.Mode == TransportMode.ReliableOrdered ? send.Window.Used >= Math.Min(send.End, send.Window.Limit) : send.MessageUnsent < 0)
                && send.Lost.IsEmpty;
            if (!isSpent || stream.SchedulerNext < 0)
            {
                return index;
            }

            connection.Scheduler.Remove(state.Streams, index);
        }
    }
}
