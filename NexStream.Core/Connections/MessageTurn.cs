using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that <see cref="PredictedTransmit"/> writes for a stream of Reliable-Unordered or Best-Effort: a whole message in each, as
/// <see cref="Modes.MessageSender"/> and <see cref="PacketWriter"/> do in more steps.
/// </summary>
internal sealed class MessageTurn(EndpointState state, SegmentStore segments, OutboundMessages messages)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<OutboundMessage> _messages = state.Messages;
    private readonly Slab<Segment> _segments = state.Segments;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>Whether all that a stream has to send is new messages of these modes, on any path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsCommon(in StreamState stream) =>
        stream.Mode is TransportMode.ReliableUnordered or TransportMode.BestEffort
        && (stream.Flags & (StreamFlags.OpenKnown | StreamFlags.FinQueued)) == StreamFlags.OpenKnown
        && stream.Send.Lost.IsEmpty && stream.Path == PathIds.None;

    /// <summary>Writes the messages of one stream while it is its turn. Returns how many: fewer where the next does not go whole, now, and with nothing to report.</summary>
    public int Write(Connection connection, Path path, int index, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        ref StreamState stream = ref _streams[index];
        bool isReliable = stream.Mode == TransportMode.ReliableUnordered;
        bool hasNumber = isReliable || stream.Has(StreamFlags.SequenceNumbers);
        int head = MessageHead.SizeOf(stream.Mode, hasNumber);
        int room = path.FrameLength - LinkHeader.Size - head;
        if (!MayGo(connection, stream, isReliable, room))
        {
            return 0;
        }

        bool isSmall = Departure.IsSmall(path);
        DepartureRun run = default;
        run.Start(state, connection, path, index, stream, now, burst.Length);
        while (run.MayAdd() && (run.Count == 0 || MayGo(connection, stream, isReliable, room)))
        {
            Wire.Transmission transmission = burst[run.Count];
            int messageIndex = stream.Send.MessageUnsent;
            int length = _messages[messageIndex].Length;
            int segment = Slab<Segment>.None;
            ulong message;
            if (isReliable)
            {
                segment = Take(connection, index, ref stream, messageIndex, length, transmission);
                message = _messages[messageIndex].Number;
            }
            else
            {
                message = TakeOut(connection, ref stream, messageIndex, length, transmission);
            }

            ulong number = PacketNumbers.Take(state, path);
            bool mayWait = isSmall || stream.Send.MessageUnsent < 0;
            bool waits = mayWait && Departure.WaitsForAck(connection, path, LinkHeader.Size + head + length, stream);
            byte flags = waits ? PacketHeader.AckNow : (byte)0;
            MessageHead.Write(transmission.HeadStorage, path.PeerTag, path.Id, flags, unchecked((uint)number), stream.Mode, hasNumber, stream.Id, message, length);
            transmission.HeadLength = head;
            ref SentPacket packet = ref run.Add(transmission, stream, number, length);
            packet.Segment = segment;
            if (isReliable)
            {
                ref Segment carried = ref _segments[segment];
                carried.Packet = number;
                carried.Path = path.Id;
                packet.SegmentGeneration = carried.Generation;
            }
        }

        return run.Complete(ref stream, reservesSegments: false);
    }

    /// <summary>Whether the stream's next message lies in one piece, fits a packet, has credit, and wants no report that a packet would have to remember.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayGo(Connection connection, in StreamState stream, bool isReliable, int room)
    {
        int index = stream.Send.Content.Head;
        if (index < 0)
        {
            return false;
        }

        ref OutboundMessage message = ref _messages[index];
        bool isWhole = message.Length <= room && message.Sent == 0 && message.Unsent.Head == message.Unsent.Tail;
        return isWhole && (isReliable
            ? stream.Send.Window.Available > 0 && connection.Credit.Available >= (uint)message.Length
            : !message.Has(MessageFlags.Report));
    }

    /// <summary>The message becomes a segment, which is kept until it is acknowledged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Take(Connection connection, int index, ref StreamState stream, int messageIndex, int length, Wire.Transmission transmission)
    {
        ref OutboundMessage message = ref _messages[messageIndex];
        PayloadSlice slice = _store.TakeOnly(ref message.Unsent);
        int segment = segments.Make(index, ref stream, messageIndex, slice);
        connection.Credit.Used += (uint)length;
        stream.Send.Charged += (uint)length;
        message.Number = stream.Send.Window.Used++;
        message.Sent = length;
        message.Outstanding++;
        stream.Send.MessageUnsent = message.Next;
        Invariant.Check(stream.Send.Window.Used <= stream.Send.Window.Limit, "A stream sends within its credit.");

        // The link's own reference: the segment keeps its until the data is acknowledged.
        transmission.SliceStorage[0] = slice;
        transmission.SliceCount = 1;
        _frames.AddReference(slice.Frame);
        return segment;
    }

    /// <summary>The message goes to the link, with the references: nothing is kept, because nothing is sent again. Returns its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong TakeOut(Connection connection, ref StreamState stream, int messageIndex, int length, Wire.Transmission transmission)
    {
        ref OutboundMessage message = ref _messages[messageIndex];
        ulong number = message.Number;
        transmission.SliceStorage[0] = _store.TakeOnly(ref message.Unsent);
        transmission.SliceCount = 1;
        stream.Send.Buffered -= length;
        connection.SendBuffered -= length;
        stream.Send.MessageUnsent = message.Next;
        stream.Send.Window.Used = number + 1;
        messages.Finish(messageIndex, EventKind.MessageAcknowledged);
        return number;
    }
}
