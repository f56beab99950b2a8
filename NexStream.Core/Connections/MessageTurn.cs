using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that <see cref="PredictedTransmit"/> writes for a stream of Reliable-Unordered or Best-Effort: a whole message in each, as
/// <see cref="Modes.MessageSender"/> and <see cref="PacketWriter"/> do in more steps, or what <see cref="FragmentTurn"/> makes of a longer one.
/// </summary>
internal sealed class MessageTurn(EndpointState state, SegmentStore segments, OutboundMessages messages, FragmentTurn fragments)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<OutboundMessage> _messages = state.Messages;
    private readonly FrameTable _frames = state.Frames;

    /// <summary>Writes the messages of one stream while it is its turn: none sent once that does not go whole, now, and with nothing to report, and none behind such a one.</summary>
    public void Write(Connection connection, Path path, int index, ReadOnlySpan<Wire.Transmission> burst, ref DepartureRun run)
    {
        ref StreamState stream = ref _streams[index];
        bool isReliable = stream.Mode == TransportMode.ReliableUnordered;
        MessageForm form = isReliable ? MessageForm.Reliable : stream.Has(StreamFlags.SequenceNumbers) ? MessageForm.Numbered : MessageForm.Unnumbered;
        int head = MessageHead.SizeOf(form);
        int room = path.FrameLength - LinkHeader.Size - head;
        int next = stream.Send.MessageUnsent;
        bool isSmall = Departure.IsSmall(path);
        var common = DataHead.Of(path.PeerTag, path.Id, MessageHead.FrameOf(form), stream.Id);
        while (next >= 0 && run.MayAdd())
        {
            if (!MayGo(connection, stream, next, isReliable, room))
            {
                if (!isReliable || !fragments.TryWrite(connection, path, index, ref stream, common, burst, ref run))
                {
                    return;
                }

                next = stream.Send.MessageUnsent;
                continue;
            }

            Wire.Transmission transmission = burst[run.Packets];
            ref OutboundMessage message = ref _messages[next];
            int length = message.Length;
            PayloadSlice slice = message.Piece;
            message.Piece = default;
            transmission.SliceStorage[0] = slice;
            transmission.SliceCount = 1;
            ulong number = PacketNumbers.Take(state, path);
            int current = next;
            next = message.Link.Next;
            stream.Send.MessageUnsent = next;
            ulong messageNumber = isReliable ? OutboundMessages.Begin(connection, ref stream, ref message) : Forgo(connection, ref stream, current, ref message);
            bool waits = (isSmall || next < 0) && Departure.WaitsForAck(connection, path, LinkHeader.Size + head + length, stream);
            common.Write(transmission.HeadStorage, waits ? PacketHeader.AckNow : (byte)0, unchecked((uint)number));
            MessageHead.Write(transmission.HeadStorage, form, messageNumber, length);
            transmission.HeadLength = head;
            if (isReliable)
            {
                ref SentPacket packet = ref run.Add(transmission, stream, number, length);
                packet.Length = 0;
                Keep(path, index, ref stream, current, ref message, slice, ref packet);
            }
            else
            {
                if (!run.TryExtend(transmission, number, length))
                {
                    run.Add(transmission, stream, number, length).Length = 0;
                }

                if (!isSmall)
                {
                    next = WriteAlike(connection, path, ref stream, length, form, common, burst, ref run);
                }
            }
        }
    }

    /// <summary>
    /// Writes the messages of Best-Effort that are as the one before but for number and place: as long, each in one piece, none with a wish of its own. The last that
    /// waits, which may ask for an acknowledgement, is none of them. Returns the next that was not sent.
    /// </summary>
    private int WriteAlike(
        Connection connection, Path path, ref StreamState stream, int length, MessageForm form, in DataHead common, ReadOnlySpan<Wire.Transmission> burst, ref DepartureRun run)
    {
        int next = stream.Send.MessageUnsent;
        if (next < 0 || next != stream.Send.Messages.Head)
        {
            return next;
        }

        int first = run.Packets;
        int most = (int)Math.Min((uint)run.MoreAlike, PacketNumbers.UntilSkip(path));
        int head = MessageHead.SizeOf(form);
        ref LinkHeader header = ref burst[first - 1].Header;
        ulong messageNumber = 0;
        int written = 0;
        while (written < most)
        {
            ref OutboundMessage message = ref _messages[next];
            if (message.Link.Next < 0 || message.Piece.Length != length || message.Flags != MessageFlags.None)
            {
                break;
            }

            messageNumber = message.Number;
            Wire.Transmission transmission = burst[first + written];
            transmission.Header = header;
            common.Write(transmission.HeadStorage, 0, unchecked((uint)(path.NextPacketNumber + (uint)written)));
            MessageHead.Write(transmission.HeadStorage, form, messageNumber, length);
            transmission.HeadLength = head;
            transmission.SliceStorage[0] = message.Piece;
            transmission.SliceCount = 1;
            message.Piece = default;
            next = message.Link.Next;
            written++;
        }

        if (written > 0)
        {
            path.NextPacketNumber += (uint)written;
            stream.Send.Window.Used = messageNumber + 1;
            stream.Send.Buffered -= written * length;
            connection.SendBuffered -= written * length;
            stream.Send.MessageUnsent = next;
            messages.FinishSent(ref stream, next);
            run.Extend(written, length);
        }

        return next;
    }

    /// <summary>Whether the stream's next message lies in one piece, fits a packet, has credit, and wants no report that a packet would have to remember.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayGo(Connection connection, in StreamState stream, int index, bool isReliable, int room)
    {
        ref OutboundMessage message = ref _messages[index];
        bool isWhole = message.Piece.Length == message.Length && message.Length <= room;
        return isWhole && (isReliable
            ? stream.Send.Window.Available > 0 && connection.Credit.Available >= (uint)message.Length
            : !message.Has(MessageFlags.Report));
    }

    /// <summary>The message becomes a segment, which is kept until it is acknowledged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(
        Path path, int index, ref StreamState stream, int messageIndex, ref OutboundMessage message, in PayloadSlice slice, ref SentPacket packet)
    {
        message.Sent = slice.Length;
        message.Outstanding++;
        packet.Segment = segments.Make(index, ref stream, messageIndex, slice, packet.Number, path.Id, out packet.SegmentGeneration);

        // The link's own reference: the segment keeps its until the data is acknowledged.
        _frames.AddReference(slice.Frame);
    }

    /// <summary>The link has the message, with the reference: nothing is kept, because nothing is sent again. Returns its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Forgo(Connection connection, ref StreamState stream, int messageIndex, ref OutboundMessage message)
    {
        ulong number = message.Number;
        stream.Send.Buffered -= message.Length;
        connection.SendBuffered -= message.Length;
        stream.Send.Window.Used = number + 1;
        messages.FinishSent(ref stream, messageIndex, ref message);
        return number;
    }
}
