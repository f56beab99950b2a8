using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that a bulk transfer sends nearly always, written in a row: the next new bytes of a Reliable-Ordered stream, or messages and repairs
/// (<see cref="MessageTurn"/>, <see cref="FragmentTurn"/>, <see cref="ProbabilisticTurn"/>), where nothing else has to be said. What is not just that is left to <see cref="TransmitPath"/>
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

        if (connection.Scheduler.IsEmpty || !_streams[connection.Scheduler.Head].SendsOnlyNew)
        {
            return 0;
        }

        int written = 0;
        bool isFull;
        do
        {
            DepartureRun run = default;
            run.Start(state, connection, path, now, burst.Length - written);
            WriteRun(connection, path, burst[written..], ref run);
            written += run.Complete();
            isFull = run.IsFull;
        }
        while (isFull && written < burst.Length && connection.Scheduler.DropSpent(_streams));

        return written;
    }

    /// <summary>Writes what streams have to send, turn by turn, until one has something else to say, or nothing may leave any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteRun(Connection connection, Path path, ReadOnlySpan<Wire.Transmission> burst, ref DepartureRun run)
    {
        bool goesOn = true;
        while (goesOn && run.MayBegin() && connection.Scheduler.DropSpent(_streams))
        {
            int index = connection.Scheduler.Next(_streams, path.FrameLength);
            ref StreamState stream = ref _streams[index];
            if (!stream.SendsOnlyNew)
            {
                return;
            }

            run.BeginTurn(index, stream);
            switch (stream.Mode)
            {
                case TransportMode.ReliableOrdered:
                    WriteTurn(connection, path, ref stream, burst, ref run);
                    break;
                case TransportMode.Probabilistic:
                    probabilistic.Write(connection, path, index, burst, ref run);
                    break;
                default:
                    messages.Write(connection, path, index, burst, ref run);
                    break;
            }

            goesOn = run.TryEndTurn(ref stream);
        }
    }

    /// <summary>Writes what one stream has to send while it is its turn.</summary>
    private void WriteTurn(Connection connection, Path path, ref StreamState stream, ReadOnlySpan<Wire.Transmission> burst, ref DepartureRun run)
    {
        ref SendHalf send = ref stream.Send;
        ulong before = send.Window.Used;
        ulong behind = before + Math.Min(Math.Min(send.End - before, send.Window.Available), connection.Credit.Available);
        int room = path.FrameLength - LinkHeader.Size - OrderedHead.Size;
        bool isSmall = Departure.IsSmall(path);
        var common = DataHead.Of(path.PeerTag, path.Id, OrderedHead.Frame, stream.Id);
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

            if (length == room && !isSmall && run.MoreAlike > 0)
            {
                WriteAlike(path, ref send, ref run, common, behind, length, burst);
            }
        }

        connection.Credit.Used += send.Window.Used - before;
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
}
