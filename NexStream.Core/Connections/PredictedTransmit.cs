using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that a bulk transfer sends nearly always, written in a row: the next new bytes of a Reliable-Ordered stream, or whole messages and repairs
/// (<see cref="MessageTurn"/>, <see cref="ProbabilisticTurn"/>), where nothing else has to be said. What is not just that is left to <see cref="TransmitPath"/>
/// untouched. Both write the same bytes and leave the same state behind: a test runs one against the other.
/// </summary>
internal sealed class PredictedTransmit(EndpointState state, OrderedSendBuffer buffer, MessageTurn messages, ProbabilisticTurn probabilistic)
{
    private readonly Slab<StreamState> _streams = state.Streams;

    /// <summary>Writes the next packets, up to one into each place. Returns how many: fewer where the next is none of these.</summary>
    public int Write(Connection connection, Path path, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        if (!path.IsValidated || path.ProbesAllowed > 0 || path.Received.AckDeadline != Instant.Never || path.Mtu.IsSearching
            || connection.HasControl || path.Control != PathControl.None || !state.UsesPrediction)
        {
            return 0;
        }

        if (!connection.Scheduler.IsEmpty && !_streams[connection.Scheduler.Head].SendsOnlyNew)
        {
            return 0;
        }

        int written = 0;
        while (written < burst.Length && !connection.Scheduler.IsEmpty && DepartureRun.MaySend(path, now) && TryNext(connection, path, out int index))
        {
            ref StreamState stream = ref _streams[index];
            int count = !stream.SendsOnlyNew ? 0
                : stream.Mode switch
                {
                    TransportMode.ReliableOrdered => WriteTurn(connection, path, index, now, burst[written..]),
                    TransportMode.Probabilistic => probabilistic.Write(connection, path, index, now, burst[written..]),
                    _ => messages.Write(connection, path, index, now, burst[written..]),
                };
            if (count == 0)
            {
                break;
            }

            written += count;
        }

        return written;
    }

    /// <summary>Writes what one stream has to send while it is its turn.</summary>
    private int WriteTurn(Connection connection, Path path, int index, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        ref StreamState stream = ref _streams[index];
        ref SendHalf send = ref stream.Send;
        ulong before = send.Window.Used;
        ulong behind = before + Math.Min(Math.Min(send.End - before, send.Window.Available), connection.Credit.Available);
        int room = path.FrameLength - LinkHeader.Size - OrderedHead.Size;
        bool isSmall = Departure.IsSmall(path);
        var common = DataHead.Of(path.PeerTag, path.Id, OrderedHead.Frame, stream.Id);
        DepartureRun run = default;
        run.Start(state, connection, path, index, stream, now, burst.Length);
        while (send.Window.Used < behind && run.MayAdd())
        {
            ulong position = send.Window.Used;
            Wire.Transmission transmission = burst[run.Packets];
            int length = buffer.Take(ref send, (int)Math.Min(behind - position, (uint)room), transmission, out int chunk);
            Invariant.Check(length > 0 && send.Window.Used <= send.Window.Limit, "A stream sends within its credit.");
            ulong number = PacketNumbers.Take(state, path);
            bool mayWait = isSmall || send.Window.Used == send.End;
            bool waits = mayWait && Departure.WaitsForAck(connection, path, LinkHeader.Size + OrderedHead.Size + length, stream);
            OrderedHead.Write(transmission.HeadStorage, common, waits ? PacketHeader.AckNow : (byte)0, unchecked((uint)number), position);
            transmission.HeadLength = OrderedHead.Size;
            if (!run.TryExtend(transmission, number, length))
            {
                ref SentPacket packet = ref run.Add(transmission, stream, number, length);
                packet.Position = position;
                packet.Length = length;
                packet.Chunk = chunk;
            }

            if (!isSmall)
            {
                WriteAlike(path, ref send, ref run, common, behind, length, burst);
            }
        }

        connection.Credit.Used += send.Window.Used - before;
        return run.Complete(ref stream, reservesSegments: true);
    }

    /// <summary>
    /// Writes the packets that are as the one before but for number and place: full of bytes that follow, each in one piece. The stream's last bytes, which may ask for an
    /// acknowledgement, are in none of them.
    /// </summary>
    private void WriteAlike(
        Path path, ref SendHalf send, ref DepartureRun run, in DataHead common, ulong behind, int length, ReadOnlySpan<Wire.Transmission> burst)
    {
        ulong position = send.Window.Used;
        if (position == behind)
        {
            return;
        }

        int most = (int)Math.Min(Math.Min((behind - position - 1) / (uint)length, (uint)run.MoreAlike), PacketNumbers.UntilSkip(path));
        int first = run.Packets;
        int written = 0;
        ref LinkHeader header = ref burst[first - 1].Header;
        ulong number = path.NextPacketNumber;
        while (written < most)
        {
            int count = buffer.TakeAlike(ref send, length, most - written, out PayloadSlice slice);
            if (count == 0)
            {
                break;
            }

            foreach (Wire.Transmission transmission in burst.Slice(first + written, count))
            {
                transmission.Header = header;
                OrderedHead.Write(transmission.HeadStorage, common, 0, unchecked((uint)number), position);
                transmission.HeadLength = OrderedHead.Size;
                transmission.SliceStorage[0] = slice;
                transmission.SliceCount = 1;
                slice = slice.Part(length, length);
                position += (uint)length;
                number++;
            }

            written += count;
        }

        if (written > 0)
        {
            path.NextPacketNumber = number;
            run.Extend(written, length);
        }
    }

    /// <summary>
    /// The stream whose turn it is. Those in front that have sent all that they may leave the rotation, as long as others stay in it. False: the last one that could be next has, too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryNext(Connection connection, Path path, out int index)
    {
        while (true)
        {
            index = connection.Scheduler.Next(_streams, path.FrameLength);
            ref StreamState stream = ref _streams[index];
            bool isSpent = stream.IsSpent;
            if (!isSpent || stream.SchedulerNext < 0)
            {
                return !isSpent;
            }

            connection.Scheduler.Remove(_streams, index);
        }
    }
}
