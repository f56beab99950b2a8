using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>
/// The receiving side of the message modes. Reliable-Unordered messages are put together and given out as soon as they are complete,
/// each once, whatever is missing before them; the others are given out as they come.
/// </summary>
internal sealed class MessageReceiver(EndpointState state, StreamLifecycle lifecycle, InboundMessages messages, PayloadKeeper keeper, MessageAssembler assembler)
{
    private readonly Slab<InboundMessage> _inbound = state.Inbound;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    public ReceiveOutcome OnFragment(Connection connection, int index, ref StreamState stream, in DataFrame frame, in InboundPayload payload)
    {
        ReasonCode violation = Check(connection, stream, frame, payload.Length);
        if (violation != ReasonCode.None)
        {
            return ReceiveOutcome.Violated(violation);
        }

        if (stream.ReceiveState != ReceiveState.Open)
        {
            return ReceiveOutcome.Accepted;
        }

        stream.Receive.FinalSize = Math.Max(stream.Receive.FinalSize, frame.Position + 1);
        if (frame.Fin)
        {
            stream.Receive.FinalSize = frame.Position + 1;
            stream.Set(StreamFlags.FinalSizeKnown);
        }

        if (HasArrived(stream, frame.Position))
        {
            // Of a message that nobody reads any more the first fragment is all that is waited for: the end may come with a later one.
            lifecycle.CheckReceivingEnded(index);
            return ReceiveOutcome.Accepted;
        }

        int partial = messages.FindPartial(index, frame.Position);
        if (partial < 0)
        {
            return OnFirstFragment(connection, index, frame, payload);
        }

        if (_inbound[partial].Length != (int)frame.MessageLength)
        {
            return ReceiveOutcome.Violated(ReasonCode.MessageViolation);
        }

        return Insert(connection, index, partial, frame, payload) ? ReceiveOutcome.Accepted : ReceiveOutcome.Dropped;
    }

    /// <summary>Whether messages that are not charged are still given out.</summary>
    public static bool Wants(in StreamState stream) => stream.ReceiveState == ReceiveState.Open && !stream.Has(StreamFlags.Discarding);

    /// <summary>A whole BE message. Without memory it is lost, as its mode allows: its packet is acknowledged.</summary>
    public ReceiveOutcome OnDatagram(Connection connection, int index, ref StreamState stream, in DataFrame frame, in InboundPayload payload)
    {
        if (Wants(stream) && payload.Length > 0
            && TryTakeDatagram(connection, index, ref stream, frame.Position, frame.HasSequence, payload, out int message))
        {
            Complete(connection, index, message);
        }

        return ReceiveOutcome.Accepted;
    }

    /// <summary>A record with the content of a message that is sent once. False: there is no memory for it, which was counted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeDatagram(
        Connection connection, int index, ref StreamState stream, ulong number, bool hasNumber, in InboundPayload payload, out int message)
    {
        while (stream.Receive.Buffered + payload.Length > connection.Config.DatagramBuffer && stream.Receive.MessageHead >= 0)
        {
            stream.Receive.Dropped++;
            messages.Free(Take(connection, index, ref stream, _inbound[stream.Receive.MessageHead]));
        }

        message = Slab<InboundMessage>.None;
        if (!state.MayTakeAhead(connection) || !messages.TryCreate(number, payload.Length, hasNumber, out message))
        {
            stream.Receive.Dropped++;
            return false;
        }

        if (keeper.Append(connection.Memory, ref _inbound[message].Content, payload, 0, payload.Length, 0) < payload.Length)
        {
            stream.Receive.Dropped++;
            messages.Free(message);
            return false;
        }

        // What follows finds the same memory whether the message was put together or came in one piece (Connections/PredictedMessages).
        messages.Close(ref _inbound[message]);
        stream.Receive.Next++;
        return true;
    }

    /// <summary>DATA_SKIP: the message will not come (any more); nothing waits for it (RFC 3758).</summary>
    public ReceiveOutcome OnSkip(Connection connection, int index, ulong number, uint charge)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Mode != TransportMode.ReliableUnordered)
        {
            return ReceiveOutcome.Violated(ReasonCode.StreamStateViolation);
        }

        int partial = messages.FindPartial(index, number);
        ReasonCode violation = CheckNumber(stream, number);
        if (violation != ReasonCode.None || (partial < 0 && !HasArrived(stream, number) && IsAboveCredit(connection, charge)))
        {
            return ReceiveOutcome.Violated(violation != ReasonCode.None ? violation : ReasonCode.FlowControlViolation);
        }

        if (stream.ReceiveState != ReceiveState.Open || HasArrived(stream, number))
        {
            return ReceiveOutcome.Accepted;
        }

        stream.Receive.FinalSize = Math.Max(stream.Receive.FinalSize, number + 1);
        if (!TryMarkArrived(index, number))
        {
            return ReceiveOutcome.Dropped;
        }

        if (partial >= 0)
        {
            charge = (uint)_inbound[partial].Length;
            stream.Receive.Buffered -= _inbound[partial].Received;
            messages.RemovePartial(index, partial);
            messages.Free(partial);
        }
        else
        {
            Charge(connection, ref stream, charge);
        }

        Consume(connection, index, ref stream, charge);
        lifecycle.CheckReceivingEnded(index);
        return ReceiveOutcome.Accepted;
    }

    /// <summary>STREAM_CLOSE or STREAM_RESET tell how many messages there are.</summary>
    public static ReasonCode CheckFinalSize(in StreamState stream, ulong finalSize)
    {
        if (stream.Mode != TransportMode.ReliableUnordered)
        {
            return ReasonCode.None;
        }

        return finalSize < stream.Receive.FinalSize || (stream.Has(StreamFlags.FinalSizeKnown) && finalSize != stream.Receive.FinalSize)
            ? ReasonCode.FinalSizeViolation
            : finalSize > stream.Receive.Window.Limit ? ReasonCode.FlowControlViolation : ReasonCode.None;
    }

    /// <summary>Copies the first complete message out, if it fits. There is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReceiveResult Read(Connection connection, int index, ref StreamState stream, Span<byte> destination)
    {
        ref InboundMessage message = ref _inbound[stream.Receive.MessageHead];
        bool fits = message.Length <= destination.Length;
        ReceiveResult result = Describe(message, fits);
        if (!fits)
        {
            return result;
        }

        if (message.IsWhole)
        {
            _frames.TakeOut(message.Whole, destination);
        }
        else
        {
            _store.Read(ref message.Content, destination);
        }

        _inbound.Free(Take(connection, index, ref stream, message));
        return result;
    }

    /// <summary>The answer to who reads a message into a place that it fits, or does not fit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReceiveResult Describe(in InboundMessage message, bool fits) =>
        new(fits ? CallStatus.Ok : CallStatus.MessageTooLong, message.Length, message.Number, message.HasNumber);

    private static ReasonCode CheckNumber(in StreamState stream, ulong number) =>
        stream.Has(StreamFlags.FinalSizeKnown) && number >= stream.Receive.FinalSize ? ReasonCode.FinalSizeViolation
        : number >= stream.Receive.Window.Limit ? ReasonCode.FlowControlViolation
        : ReasonCode.None;

    private static bool IsAboveCredit(Connection connection, uint charge) => connection.Received + charge > connection.Window.Limit;

    private static ReasonCode Check(Connection connection, in StreamState stream, in DataFrame frame, int length)
    {
        bool isImpossible = frame.MessageLength == 0 || length == 0
            || frame.MessageLength > (uint)connection.ReceivedMessageMax
            || frame.FragmentOffset + (ulong)length > frame.MessageLength;
        if (isImpossible)
        {
            return ReasonCode.MessageViolation;
        }

        bool changesFinalSize = frame.Fin && ((stream.Has(StreamFlags.FinalSizeKnown) && frame.Position + 1 != stream.Receive.FinalSize)
            || frame.Position + 1 < stream.Receive.FinalSize);
        return changesFinalSize ? ReasonCode.FinalSizeViolation : CheckNumber(stream, frame.Position);
    }

    private bool HasArrived(in StreamState stream, ulong number) =>
        number < stream.Receive.Next || stream.Receive.Arrived.Contains(state.Ranges, number);

    private ReceiveOutcome OnFirstFragment(Connection connection, int index, in DataFrame frame, in InboundPayload payload)
    {
        ref StreamState stream = ref state.Streams[index];
        if (IsAboveCredit(connection, frame.MessageLength))
        {
            return ReceiveOutcome.Violated(ReasonCode.FlowControlViolation);
        }

        if (stream.Has(StreamFlags.Discarding))
        {
            return Discard(connection, index, frame);
        }

        bool isGap = frame.Position != stream.Receive.Next;
        if ((isGap && !state.MayTakeAhead(connection)) || !messages.TryCreate(frame.Position, (int)frame.MessageLength, hasNumber: true, out int message))
        {
            return ReceiveOutcome.Dropped;
        }

        // The record stays only together with at least a part of the message, so that records are bounded by what was received.
        messages.AddPartial(index, message);
        Charge(connection, ref stream, frame.MessageLength);
        if (Insert(connection, index, message, frame, payload))
        {
            return ReceiveOutcome.Accepted;
        }

        if (_inbound[message].Received == 0)
        {
            messages.RemovePartial(index, message);
            messages.Free(message);
            connection.Received -= frame.MessageLength;
            stream.Receive.Highest -= frame.MessageLength;
        }

        return ReceiveOutcome.Dropped;
    }

    private bool Insert(Connection connection, int index, int messageIndex, in DataFrame frame, in InboundPayload payload)
    {
        ref InboundMessage message = ref _inbound[messageIndex];
        int before = message.Received;
        bool isKept = assembler.TryAdd(connection.Memory, ref message, (int)frame.FragmentOffset, payload);
        state.Streams[index].Receive.Buffered += message.Received - before;
        return message.Received < message.Length ? isKept : TryComplete(connection, index, messageIndex);
    }

    /// <summary>
    /// All of a message that was being put together is there, and it can be read. False: there are too many gaps to remember, and the message stays unfinished, as if
    /// nothing of it had come.
    /// </summary>
    public bool TryComplete(Connection connection, int index, int messageIndex)
    {
        ref InboundMessage message = ref _inbound[messageIndex];
        ref StreamState stream = ref state.Streams[index];
        if (!TryMarkArrived(index, message.Number))
        {
            stream.Receive.Buffered -= message.Received;
            _store.Clear(ref message.Content);
            InboundMessages.StartOver(ref message);
            return false;
        }

        messages.RemovePartial(index, messageIndex);
        messages.Close(ref message);
        stream.Receive.Buffered -= message.Length;
        Complete(connection, index, messageIndex);
        lifecycle.CheckReceivingEnded(index);
        return true;
    }

    /// <summary>A message is whole, and its record closed: it can be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Complete(Connection connection, int index, int messageIndex)
    {
        int length = _inbound[messageIndex].Length;
        state.Streams[index].Receive.Buffered += length;
        connection.ReadyBytes += length;
        messages.AddReady(ref state.Streams[index].Receive, messageIndex);
        state.Events.Raise(index, StreamEvents.Readable);
    }

    private bool TryMarkArrived(int index, ulong number)
    {
        if (!messages.TryMarkArrived(index, number, out bool isNewGap))
        {
            return false;
        }

        if (isNewGap)
        {
            lifecycle.Request(index, StreamControl.Gaps);
        }

        return true;
    }

    /// <summary>The first complete message leaves the stream, and its credit goes back. Returns the record, which is the caller's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take(Connection connection, int index, ref StreamState stream, in InboundMessage message)
    {
        int length = message.Length;
        int messageIndex = InboundMessages.TakeReady(ref stream.Receive, message);
        stream.Receive.Buffered -= length;
        connection.ReadyBytes -= length;
        if (stream.IsReliable)
        {
            Consume(connection, index, ref stream, (uint)length);
        }
        else
        {
            stream.Receive.Window.Consumed++;
        }

        return messageIndex;
    }

    /// <summary>Messages use so much of the credit that the peer was given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Charge(Connection connection, ref StreamState stream, ulong bytes)
    {
        connection.Received += bytes;
        stream.Receive.Highest += bytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Consume(Connection connection, int index, ref StreamState stream, uint bytes)
    {
        stream.Receive.Window.Consumed++;
        connection.Window.Consumed += bytes;
        if (stream.ReceiveState == ReceiveState.Open && !stream.Has(StreamFlags.FinalSizeKnown) && stream.Receive.Window.IsUpdateDue)
        {
            lifecycle.Request(index, StreamControl.Window);
        }

        if (connection.Window.IsUpdateDue)
        {
            connection.Control |= ConnectionControl.Window;
            state.MarkReady(connection);
        }
    }

    /// <summary>Nobody reads the stream: a message counts as arrived and read with its first fragment.</summary>
    private ReceiveOutcome Discard(Connection connection, int index, in DataFrame frame)
    {
        if (!TryMarkArrived(index, frame.Position))
        {
            return ReceiveOutcome.Dropped;
        }

        ref StreamState stream = ref state.Streams[index];
        Charge(connection, ref stream, frame.MessageLength);
        Consume(connection, index, ref stream, frame.MessageLength);
        lifecycle.CheckReceivingEnded(index);
        return ReceiveOutcome.Accepted;
    }
}
