using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>Handles the frames that name a stream: finds it, checks the rules, and hands over to its mode.</summary>
internal sealed class StreamFrameHandler(
    EndpointState state, StreamTable table, StreamLifecycle lifecycle, ReliableOrderedReceiver ordered, MessageReceiver messages,
    ProbabilisticReceiver probabilistic)
{
    /// <summary>DATA, the last frame of its packet, and the application's payload behind it.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="rest">The packet's head from the frame's first byte on.</param>
    /// <param name="packet">The packet, whose slices lie in registered memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReceiveOutcome OnData(Connection connection, ReadOnlySpan<byte> rest, in LinkFrame packet)
    {
        if (!DataFrame.TryRead(rest, out DataFrame frame, out ReadOnlySpan<byte> head))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        StreamLookup lookup = table.Find(connection, frame.StreamId, out int index);
        if (lookup != StreamLookup.Found)
        {
            return OutcomeOf(lookup);
        }

        ref StreamState stream = ref state.Streams[index];
        if (stream.Mode != frame.Mode)
        {
            return ReceiveOutcome.Violated(ReasonCode.StreamStateViolation);
        }

        InboundPayload payload = PayloadBehind(head, packet);
        return frame.Mode switch
        {
            TransportMode.ReliableOrdered => ordered.OnData(connection, index, ref stream, frame, payload),
            TransportMode.ReliableUnordered => messages.OnFragment(connection, index, ref stream, frame, payload),
            TransportMode.BestEffort => messages.OnDatagram(connection, index, ref stream, frame, payload),
            _ => probabilistic.OnMessage(connection, index, ref stream, frame, payload),
        };
    }

    /// <summary>REPAIR, the last frame of its packet as DATA is.</summary>
    public ReceiveOutcome OnRepair(Connection connection, ReadOnlySpan<byte> rest, in LinkFrame packet)
    {
        if (!RepairFrame.TryRead(rest, out RepairFrame frame, out ReadOnlySpan<byte> head))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        return TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome)
            ? probabilistic.OnRepair(connection, index, frame, PayloadBehind(head, packet))
            : outcome;
    }

    /// <summary>RECEIVER_REPORT: what arrived of a stream of this side's, or of this side's half.</summary>
    public ReceiveOutcome OnReport(Connection connection, in RawFrame raw)
    {
        if (!ReceiverReportFrame.TryRead(raw, out ReceiverReportFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (!TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            return outcome;
        }

        ref StreamState stream = ref state.Streams[index];
        if (stream.Mode != TransportMode.Probabilistic)
        {
            return ReceiveOutcome.Violated(ReasonCode.StreamStateViolation);
        }

        ulong sent = stream.Send.Window.Used - connection.Config.FirstSequence;
        return DeliveryFeedback.TryApply(ref state.Probabilistic[stream.Receive.Delivery].Sending, frame, sent)
            ? ReceiveOutcome.Accepted
            : ReceiveOutcome.Violated(ReasonCode.AcknowledgementViolation);
    }

    public ReceiveOutcome OnOpen(Connection connection, in RawFrame raw)
    {
        if (!StreamOpenFrame.TryRead(raw, out StreamOpenFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        StreamLookup lookup = table.Accept(connection, frame.StreamId, frame.Mode, frame.Priority, out int index, out bool isNew);
        if (lookup == StreamLookup.Found && isNew)
        {
            ref StreamState stream = ref state.Streams[index];
            if (stream.IsReliable)
            {
                stream.Send.Window.Raise(connection.Config.FirstSequence + frame.InitialWindow);
            }

            lifecycle.Request(index, StreamControl.Acknowledge);
            state.Events.Raise(index, StreamEvents.Opened);
        }

        return OutcomeOf(lookup);
    }

    public ReceiveOutcome OnOpenAcknowledged(Connection connection, in RawFrame raw)
    {
        if (!StreamAckFrame.TryRead(raw, out StreamAckFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            ref StreamState stream = ref state.Streams[index];
            if (!stream.Has(StreamFlags.Local))
            {
                return ReceiveOutcome.Violated(ReasonCode.StreamStateViolation);
            }

            stream.Set(StreamFlags.OpenKnown);
        }

        return outcome;
    }

    public ReceiveOutcome OnClose(Connection connection, in RawFrame raw)
    {
        if (!StreamCloseFrame.TryRead(raw, out StreamCloseFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (!TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            return outcome;
        }

        ref StreamState stream = ref state.Streams[index];
        ReasonCode violation = CheckFinalSize(connection, index, frame.FinalSize);
        if (violation != ReasonCode.None)
        {
            return ReceiveOutcome.Violated(violation);
        }

        if (stream.ReceiveState == ReceiveState.Open)
        {
            stream.Receive.FinalSize = frame.FinalSize;
            stream.Set(StreamFlags.FinalSizeKnown);
            if (stream.Has(StreamFlags.Discarding) && stream.Mode == TransportMode.ReliableOrdered)
            {
                ChargeToEnd(connection, ref stream, frame.FinalSize);
                stream.Receive.Next = frame.FinalSize;
            }

            lifecycle.Request(index, StreamControl.CloseAcknowledge);
            lifecycle.CheckReceivingEnded(index);
        }

        return ReceiveOutcome.Accepted;
    }

    public ReceiveOutcome OnCloseAcknowledged(Connection connection, in RawFrame raw)
    {
        if (!StreamCloseAckFrame.TryRead(raw, out StreamCloseAckFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            ref StreamState stream = ref state.Streams[index];
            if (!stream.Has(StreamFlags.FinSent))
            {
                return ReceiveOutcome.Violated(ReasonCode.StreamStateViolation);
            }

            stream.Set(StreamFlags.FinAcknowledged);
            lifecycle.CheckSendingEnded(index);
        }

        return outcome;
    }

    public ReceiveOutcome OnReset(Connection connection, in RawFrame raw)
    {
        if (!StreamResetFrame.TryRead(raw, out StreamResetFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (!TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            return outcome;
        }

        if (frame.Direction == StreamResetDirection.StopSending)
        {
            lifecycle.TryResetSending(index, frame.Error, tellApplication: true);
            return ReceiveOutcome.Accepted;
        }

        ref StreamState stream = ref state.Streams[index];
        ReasonCode violation = CheckFinalSize(connection, index, frame.FinalSize);
        if (violation == ReasonCode.None && stream.Mode == TransportMode.ReliableUnordered)
        {
            violation = CheckFinalCharge(connection, stream, frame.FinalCharge);
        }

        if (violation != ReasonCode.None)
        {
            return ReceiveOutcome.Violated(violation);
        }

        if (stream.ReceiveState is ReceiveState.Open or ReceiveState.DataReceived)
        {
            if (stream.Mode == TransportMode.ReliableOrdered)
            {
                ChargeToEnd(connection, ref stream, frame.FinalSize);
            }
            else if (stream.Mode == TransportMode.ReliableUnordered)
            {
                ulong rest = frame.FinalCharge - stream.Receive.Highest;
                connection.Received += rest;
                connection.Window.Consumed += rest;
                stream.Receive.Highest = frame.FinalCharge;
            }

            lifecycle.OnPeerReset(index, frame.Error);
        }

        return ReceiveOutcome.Accepted;
    }

    public ReceiveOutcome OnSkip(Connection connection, in RawFrame raw)
    {
        if (!DataSkipFrame.TryRead(raw, out DataSkipFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        return TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome)
            ? messages.OnSkip(connection, index, frame.Message, frame.Charge)
            : outcome;
    }

    /// <summary>Credit for one stream (for stream 0 see <see cref="ReceivePath"/>): the absolute limit counts, the increment is for people.</summary>
    public ReceiveOutcome OnWindow(Connection connection, in WindowUpdateFrame frame)
    {
        if (!TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            return outcome;
        }

        ref StreamState stream = ref state.Streams[index];
        if (!stream.IsReliable)
        {
            return ReceiveOutcome.Violated(ReasonCode.StreamStateViolation);
        }

        if (stream.SendState is SendState.Open or SendState.DataSent && stream.Send.Window.Raise(frame.Limit))
        {
            lifecycle.Schedule(index);
        }

        return ReceiveOutcome.Accepted;
    }

    /// <summary>DATA_ACK of a stream's own sequence: cumulative delivery and credit counted from it.</summary>
    public ReceiveOutcome OnDataAck(Connection connection, in RawFrame raw)
    {
        if (!StreamDataAckFrame.TryRead(raw, out StreamDataAckFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (!TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            return outcome;
        }

        ref StreamState stream = ref state.Streams[index];
        ulong acknowledged = SequenceNumber.Expand(frame.AckNumber, stream.Send.Window.Used);
        if (!stream.IsReliable || acknowledged > stream.Send.Window.Used)
        {
            return ReceiveOutcome.Violated(ReasonCode.AcknowledgementViolation);
        }

        ulong window = stream.Mode == TransportMode.ReliableOrdered ? (ulong)frame.WindowUpdate << connection.PeerWindowScale : frame.WindowUpdate;
        if (stream.SendState is SendState.Open or SendState.DataSent && stream.Send.Window.Raise(acknowledged + window))
        {
            lifecycle.Schedule(index);
        }

        return ReceiveOutcome.Accepted;
    }

    /// <summary>DATA_NACK is a hint: what it names is sent again only when the packet or time threshold holds too. Here it is checked.</summary>
    public ReceiveOutcome OnNack(Connection connection, in RawFrame raw)
    {
        if (!DataNackFrame.TryRead(raw, out DataNackFrame frame))
        {
            return ReceiveOutcome.Violated(ReasonCode.FrameEncodingError);
        }

        if (!TryFind(connection, frame.StreamId, out int index, out ReceiveOutcome outcome))
        {
            return outcome;
        }

        ref StreamState stream = ref state.Streams[index];
        for (int i = 0; i < frame.RangeCount; i++)
        {
            if (!stream.IsReliable || SequenceNumber.Expand(frame.GetRange(i).End, stream.Send.Window.Used) > stream.Send.Window.Used)
            {
                return ReceiveOutcome.Violated(ReasonCode.AcknowledgementViolation);
            }
        }

        return ReceiveOutcome.Accepted;
    }

    private static InboundPayload PayloadBehind(ReadOnlySpan<byte> head, in LinkFrame packet)
    {
        int offset = packet.Head.Length - head.Length;
        return new InboundPayload(head, packet.HeadFrame, packet.HeadOffset + offset, packet.Payload, (int)packet.Header.PayloadLength - offset);
    }

    private static void ChargeToEnd(Connection connection, ref StreamState stream, ulong finalSize)
    {
        ulong rest = finalSize - stream.Receive.Highest;
        connection.Received += rest;
        stream.Receive.Highest = finalSize;
        if (stream.Has(StreamFlags.Discarding))
        {
            connection.Window.Consumed += finalSize - stream.Receive.Window.Consumed;
            stream.Receive.Window.Consumed = finalSize;
        }
    }

    private static ReasonCode CheckFinalCharge(Connection connection, in StreamState stream, ulong finalCharge) =>
        finalCharge < stream.Receive.Highest ? ReasonCode.FinalSizeViolation
        : connection.Received + (finalCharge - stream.Receive.Highest) > connection.Window.Limit ? ReasonCode.FlowControlViolation
        : ReasonCode.None;

    private ReasonCode CheckFinalSize(Connection connection, int index, ulong finalSize) =>
        state.Streams[index].Mode == TransportMode.ReliableOrdered
            ? ordered.CheckFinalSize(connection, index, finalSize)
            : MessageReceiver.CheckFinalSize(state.Streams[index], finalSize);

    private bool TryFind(Connection connection, uint id, out int index, out ReceiveOutcome outcome)
    {
        StreamLookup lookup = table.Find(connection, id, out index);
        outcome = OutcomeOf(lookup);
        return lookup == StreamLookup.Found;
    }

    private static ReceiveOutcome OutcomeOf(StreamLookup lookup) => lookup switch
    {
        StreamLookup.Found or StreamLookup.Gone => ReceiveOutcome.Accepted,
        StreamLookup.NoRoom => ReceiveOutcome.Dropped,
        StreamLookup.AboveLimit => ReceiveOutcome.Violated(ReasonCode.StreamLimitViolation),
        _ => ReceiveOutcome.Violated(ReasonCode.StreamStateViolation),
    };
}
