using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that <see cref="MessageTurn"/> writes of a Reliable-Unordered message that does not lie in one piece or fit one packet: a fragment in each, as
/// <see cref="Modes.MessageSender"/> and <see cref="PacketWriter"/> do in more steps.
/// </summary>
internal sealed class FragmentTurn(EndpointState state, SegmentStore segments)
{
    private const int HeadSize = MessageHead.ReliableSize;

    private readonly Slab<OutboundMessage> _messages = state.Messages;
    private readonly Slab<Segment> _segments = state.Segments;
    private readonly FrameTable _frames = state.Frames;

    /// <summary>Writes what was not sent of the stream's next message. False: it may not begin, or no packet may leave any more before its end.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="path">The path that its packets take.</param>
    /// <param name="index">The stream.</param>
    /// <param name="stream">Its record.</param>
    /// <param name="common">What the heads of all its packets have in common.</param>
    /// <param name="burst">The burst's packets.</param>
    /// <param name="run">The run, to which one may be added.</param>
    public bool TryWrite(
        Connection connection, Path path, int index, ref StreamState stream, in DataHead common, ReadOnlySpan<Wire.Transmission> burst, ref DepartureRun run)
    {
        int messageIndex = stream.Send.MessageUnsent;
        ref OutboundMessage message = ref _messages[messageIndex];
        if (message.Sent == 0 && !TryBegin(connection, ref stream, ref message))
        {
            return false;
        }

        int room = path.FrameLength - LinkHeader.Size - HeadSize;
        bool isSmall = Departure.IsSmall(path);
        while (message.Sent < message.Length)
        {
            if (!run.MayAdd())
            {
                return false;
            }

            int offset = message.Sent;
            int segmentIndex = segments.Cut(index, ref stream, messageIndex, ref message, Math.Min(message.Length - offset, room));
            Invariant.Check(segmentIndex >= 0, "There is a record for every packet that is begun.");
            ref Segment segment = ref _segments[segmentIndex];
            int length = segment.Length;
            message.Sent += length;
            message.Outstanding++;
            if (message.Sent == message.Length)
            {
                stream.Send.MessageUnsent = message.Link.Next;
            }

            Wire.Transmission transmission = burst[run.Packets];
            segments.Show(segment, transmission);
            ulong number = PacketNumbers.Take(state, path);
            bool mayWait = isSmall || stream.Send.MessageUnsent < 0;
            bool waits = mayWait && Departure.WaitsForAck(connection, path, LinkHeader.Size + HeadSize + length, stream);
            common.Write(transmission.HeadStorage, waits ? PacketHeader.AckNow : (byte)0, unchecked((uint)number));
            MessageHead.WritePart(transmission.HeadStorage, message.Number, message.Length, offset);
            transmission.HeadLength = HeadSize;
            ref SentPacket packet = ref run.Add(transmission, stream, number, length);
            packet.Length = 0;
            packet.Segment = segmentIndex;
            packet.SegmentGeneration = segment.Generation;
            segment.Packet = number;
            segment.Path = path.Id;
            if (!isSmall && run.MoreAlike > 0)
            {
                WriteAlike(path, ref segment, ref message, common, burst, ref run);
            }
        }

        return true;
    }

    /// <summary>The message is begun with its first fragment. False: there is no credit for it.</summary>
    private static bool TryBegin(Connection connection, ref StreamState stream, ref OutboundMessage message)
    {
        if (stream.Send.Window.Available == 0 || connection.Credit.Available < (uint)message.Length)
        {
            return false;
        }

        OutboundMessages.Begin(connection, ref stream, ref message);
        return true;
    }

    /// <summary>
    /// Writes the packets that are as the one before but for number and place: full of bytes that follow, in the same piece. They share its record, and its segment. The
    /// message's last bytes, which may ask for an acknowledgement, are in none of them.
    /// </summary>
    private void WriteAlike(Path path, ref Segment segment, ref OutboundMessage message, in DataHead common, ReadOnlySpan<Wire.Transmission> burst, ref DepartureRun run)
    {
        int length = segment.Length;
        int first = run.Packets;
        int count = segments.Extend(ref segment, ref message, (int)Math.Min((uint)run.MoreAlike, PacketNumbers.UntilSkip(path)));
        if (count == 0)
        {
            return;
        }

        ref LinkHeader header = ref burst[first - 1].Header;
        PayloadSlice slice = segment.Slices[0].Part(length, length);
        _frames.AddReference(slice.Frame, count);
        ulong number = path.NextPacketNumber;
        int offset = message.Sent;
        foreach (Wire.Transmission transmission in burst.Slice(first, count))
        {
            transmission.Header = header;
            common.Write(transmission.HeadStorage, 0, unchecked((uint)number));
            MessageHead.WritePart(transmission.HeadStorage, message.Number, message.Length, offset);
            transmission.HeadLength = HeadSize;
            transmission.SliceStorage[0] = slice;
            transmission.SliceCount = 1;
            slice = slice.Part(length, length);
            offset += length;
            number++;
        }

        message.Sent = offset;
        path.NextPacketNumber = number;
        run.Extend(count, length);

        // Each keeps a segment in reserve, which it gets where it fares differently from the others.
        state.SegmentsReserved += count;
    }
}
