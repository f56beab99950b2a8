using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>
/// The sending side of the message modes. Reliable-Unordered messages are cut into fragments and sent until they are acknowledged (NS-RU-*); those that are sent once
/// go through <see cref="DatagramSender"/>.
/// </summary>
internal sealed class MessageSender(
    EndpointState state, SegmentStore segments, StreamLifecycle lifecycle, OutboundMessages messages, SegmentWriter writer, DatagramSender datagrams)
{
    private readonly PayloadStore _store = state.Store;
    private readonly Slab<OutboundMessage> _messages = state.Messages;
    private readonly Slab<Segment> _segments = state.Segments;
    private readonly Slab<StreamState> _streams = state.Streams;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SendResult Send(Connection connection, int index, ref StreamState stream, ReadOnlySpan<byte> data, in SendOptions options)
    {
        CallStatus status = Admit(connection, index, ref stream, data.Length);
        if (status != CallStatus.Ok || !messages.TryAdd(index, ref stream, options, data.Length, out int messageIndex))
        {
            return Refuse(index, status);
        }

        ref OutboundMessage message = ref _messages[messageIndex];
        if (!_store.TryCopy(data, connection.Memory, out message.Piece))
        {
            return SendPieces(connection, index, ref stream, messageIndex, data);
        }

        stream.Send.Buffered += data.Length;
        connection.SendBuffered += data.Length;
        return Queue(connection, index, ref stream, messageIndex);
    }

    /// <summary>The message takes as many frames as it needs, or goes into one with others.</summary>
    private SendResult SendPieces(Connection connection, int index, ref StreamState stream, int messageIndex, ReadOnlySpan<byte> data)
    {
        ref OutboundMessage message = ref _messages[messageIndex];

        // What is shorter than a frame, as nearly all that comes here is, needs no more than one, and that a connection may always hold.
        int frameSize = _store.Frames.FrameSize;
        int frames = data.Length < frameSize ? 1 : (data.Length / frameSize) + 1;
        bool isTooLong = frames > 1 && data.Length > connection.Memory.SentMessageMax(_store);
        int taken = isTooLong ? 0
            : _store.Append(ref message.Unsent, data, 0, connection.Index, ref connection.Memory.Sending, state.SendFramesMax(connection, stream, frames));
        stream.Send.Buffered += taken;
        connection.SendBuffered += taken;
        if (taken < data.Length)
        {
            message.Flags &= ~MessageFlags.Report;
            messages.Finish(messageIndex, EventKind.MessageLost);
            return isTooLong ? new SendResult(CallStatus.MessageTooLong) : WouldBlock(index);
        }

        if (message.Unsent.Head == message.Unsent.Tail)
        {
            message.Piece = _store.TakeOnly(ref message.Unsent);
        }

        return Queue(connection, index, ref stream, messageIndex);
    }

    /// <summary>The message is not taken: it never can be, or there is no room for it now.</summary>
    private SendResult Refuse(int index, CallStatus status) => status is CallStatus.Ok or CallStatus.WouldBlock ? WouldBlock(index) : new SendResult(status);

    /// <summary>Whether the stream takes a message of this length now; of those that are sent once, the oldest make room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CallStatus Admit(Connection connection, int index, ref StreamState stream, long length)
    {
        if (length == 0)
        {
            return CallStatus.MessageEmpty;
        }

        if (length > LengthMax(connection, stream))
        {
            return CallStatus.MessageTooLong;
        }

        if (stream.Mode == TransportMode.ReliableUnordered)
        {
            return stream.Send.Buffered > 0 && stream.Send.Buffered + length > connection.SendBuffer ? CallStatus.WouldBlock : CallStatus.Ok;
        }

        if (stream.Send.Buffered + length > connection.Config.DatagramBuffer)
        {
            datagrams.MakeRoom(connection, index, length);
        }

        return CallStatus.Ok;
    }

    /// <summary>A message whose record has all of its bytes goes behind the stream's others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SendResult Queue(Connection connection, int index, ref StreamState stream, int messageIndex)
    {
        stream.Send.End++;
        if (stream.Send.MessageUnsent < 0)
        {
            stream.Send.MessageUnsent = messageIndex;
        }

        lifecycle.Schedule(connection, index, ref stream);
        ref OutboundMessage message = ref _messages[messageIndex];
        return new SendResult(CallStatus.Ok, message.Length, message.Id);
    }

    /// <summary>Writes what was lost, else the next fragment or message that credit allows.</summary>
    public DataResult TryWrite(Connection connection, int index, ref StreamState stream, ref PacketBuilder builder)
    {
        int room = SegmentWriter.PayloadRoom(index, stream, builder, stream.Mode);
        while (!stream.Send.Lost.IsEmpty)
        {
            int lost = stream.Send.Lost.Head;
            if (!_messages[state.Segments[lost].Message].Has(MessageFlags.Skipped))
            {
                return writer.WriteLost(index, ref stream, room, ref builder);
            }

            FreeFragment(lost);
        }

        return stream.Send.MessageUnsent < 0 ? DataResult.Nothing
            : stream.IsReliable ? TryWriteFragment(connection, index, ref stream, room, ref builder)
            : datagrams.TryWrite(connection, index, room, ref builder);
    }

    /// <summary>A message's deadline passed, or the limit on its attempts was reached.</summary>
    public void GiveUp(int messageIndex)
    {
        ref OutboundMessage message = ref _messages[messageIndex];
        int index = message.Stream;
        ref StreamState stream = ref state.Streams[index];
        messages.RemoveDeadline(messageIndex);
        stream.Send.Expired++;
        message.Flags |= MessageFlags.Skipped;
        state.AddBuffered(ref stream, -(int)state.Store.Clear(ref message.Piece, ref message.Unsent));
        if (!stream.IsReliable || message.Sent == 0)
        {
            // The peer knows nothing of it: a reliable message gets its number when it is first sent.
            messages.Finish(messageIndex, EventKind.MessageExpired);
        }
        else
        {
            // No gap may wait for it (RFC 3758): the peer is told until it acknowledges that.
            if (stream.Send.MessageUnsent == messageIndex)
            {
                stream.Send.MessageUnsent = message.Link.Next;
            }

            messages.RequestSkip(messageIndex);
            if (stream.Has(StreamFlags.FinSent) && !stream.Has(StreamFlags.FinAcknowledged))
            {
                // What carried FIN may be what was given up, and is not sent again.
                lifecycle.Request(index, StreamControl.Close);
            }
        }

        lifecycle.RequestCloseIfDrained(index);
        lifecycle.CheckSendingEnded(index);
        OnRoom(index);
    }

    /// <summary>A fragment was acknowledged, or is of no use any more: it goes, and its message with it when it was the last.</summary>
    public void FreeFragment(int segmentIndex)
    {
        ref Segment segment = ref _segments[segmentIndex];
        ref StreamState stream = ref _streams[segment.Stream];
        int messageIndex = segment.Message;
        int index = segment.Stream;
        segments.Free(ref stream, segmentIndex, ref segment);
        ref OutboundMessage message = ref _messages[messageIndex];
        message.Outstanding--;
        if (message.Has(MessageFlags.Skipped))
        {
            // Nobody else says so: what was given up is not acknowledged.
            OnRoom(index);
        }
        else if (message.Outstanding == 0 && message.Sent == message.Length)
        {
            messages.FinishSent(ref stream, messageIndex, ref message);
        }
    }

    /// <summary>DATA_SKIP was acknowledged: the peer waits for the message no more.</summary>
    public void OnSkipAcknowledged(int messageIndex)
    {
        ref OutboundMessage message = ref _messages[messageIndex];
        int index = message.Stream;
        if (message.Outstanding > 0)
        {
            FreeFragments(index, messageIndex, state.Streams[index].Send.InFlight);
            FreeFragments(index, messageIndex, state.Streams[index].Send.Lost);
        }

        if (message.Has(MessageFlags.SkipQueued))
        {
            // A probe asked for it again before the acknowledgement came: a record that is given back must be in no list.
            messages.RemoveSkip(messageIndex);
        }

        messages.Finish(messageIndex, EventKind.MessageExpired);
        OnRoom(index);
        lifecycle.CheckSendingEnded(index);
    }

    /// <summary>There is room to send again: tell the application that was refused.</summary>
    public void OnRoom(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.WantsWritable) && stream.SendState == SendState.Open)
        {
            stream.Clear(StreamFlags.WantsWritable);
            state.Events.Raise(index, StreamEvents.Writable);
        }
    }

    private DataResult TryWriteFragment(Connection connection, int index, ref StreamState stream, int room, ref PacketBuilder builder)
    {
        int messageIndex = stream.Send.MessageUnsent;
        ref OutboundMessage message = ref _messages[messageIndex];
        if (message.Sent == 0)
        {
            if (stream.Send.Window.Available == 0)
            {
                return DataResult.Nothing;
            }

            if (connection.Credit.Available < (ulong)message.Length)
            {
                return DataResult.CreditBlocked;
            }
        }

        int rest = message.Length - message.Sent;
        if (room <= 0 || (room < Math.Min(rest, state.Store.Frames.FrameSize) && !builder.IsEmpty))
        {
            return DataResult.NoRoom;
        }

        int segment = segments.Cut(index, ref stream, messageIndex, ref message, Math.Min(rest, room));
        if (segment < 0)
        {
            return DataResult.NoMemory;
        }

        if (message.Sent == 0)
        {
            OutboundMessages.Begin(connection, ref stream, ref message);
        }

        ref Segment cut = ref state.Segments[segment];
        message.Sent += cut.Length;
        message.Outstanding++;
        bool isLast = message.Link.Next < 0 && stream.Has(StreamFlags.FinQueued);
        cut.HasFin = isLast;
        if (message.Sent == message.Length)
        {
            stream.Send.MessageUnsent = message.Link.Next;
            if (isLast)
            {
                stream.Set(StreamFlags.FinSent);
            }
        }

        writer.Write(index, stream, segment, ref builder);
        return DataResult.Written;
    }

    private void FreeFragments(int index, int messageIndex, in SlabList<Segment, Segment.InStream> list)
    {
        for (int i = list.Head; i >= 0;)
        {
            int next = state.Segments[i].Link.Next;
            if (state.Segments[i].Message == messageIndex)
            {
                segments.Free(i);
            }

            i = next;
        }
    }

    /// <summary>Bytes of the longest message that is taken now, and that the memory for sending could hold.</summary>
    public int MessageLengthMax(Connection connection, in StreamState stream) =>
        (int)Math.Min(LengthMax(connection, stream), connection.Memory.SentMessageMax(_store));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LengthMax(Connection connection, in StreamState stream) => stream.Mode == TransportMode.ReliableUnordered
        ? connection.PeerMessageLengthMax
        : DatagramLengthMax(FrameLengthMin(connection));

    /// <summary>The longest frame that every path carries on which the message could go: which it will be is not known when it is handed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FrameLengthMin(Connection connection) =>
        connection.Paths.Count == 1 ? connection.Path.FrameLength : FrameLengthMinOfSeveral(connection);

    private static int FrameLengthMinOfSeveral(Connection connection)
    {
        int length = connection.Path.FrameLength;
        for (int i = 1; i < connection.Paths.Count; i++)
        {
            length = Math.Min(length, connection.Paths[i].FrameLength);
        }

        return length;
    }

    /// <summary>What fits one packet beside every header that can stand in front of it.</summary>
    public static int DatagramLengthMax(int frameLength) =>
        frameLength - Wire.LinkHeader.Size - Wire.PacketHeader.Size - StreamOpenFrame.WireSize - DataFrame.WireSizeMax;

    private SendResult WouldBlock(int index)
    {
        state.Starved.Add(index);
        return new SendResult(CallStatus.WouldBlock);
    }
}
