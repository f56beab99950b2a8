using System.Runtime.CompilerServices;
using NexStream.Core.Events;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Core.Connections;

/// <summary>What becomes of a packet's content when the packet is acknowledged or lost. Information is sent again, never packets (RFC 9000 §13.3).</summary>
internal sealed class PacketContents(
    EndpointState state, SegmentStore segments, StreamLifecycle lifecycle, OutboundMessages messages, MessageSender messageSender)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnAcknowledged(in SentPacket packet)
    {
        if (IsCurrentSegment(packet))
        {
            OnSegmentAcknowledged(packet.Segment);
        }

        if (IsCurrentMessage(packet.Message, packet.MessageGeneration))
        {
            int stream = state.Messages[packet.Message].Stream;
            messages.Finish(packet.Message, EventKind.MessageAcknowledged);
            lifecycle.CheckSendingEnded(stream);
        }

        for (int i = packet.Control; i >= 0; i = state.Controls[i].Next)
        {
            OnControlAcknowledged(state.Controls[i]);
        }
    }

    public void OnLost(Connection connection, in SentPacket packet, Instant now)
    {
        if (packet.Stream >= 0 && state.Streams[packet.Stream].Generation == packet.StreamGeneration)
        {
            state.Streams[packet.Stream].Send.PacketsLost++;
        }

        if (IsCurrentSegment(packet) && state.Segments[packet.Segment].Packet == packet.Number && !state.Segments[packet.Segment].IsLost)
        {
            OnSegmentLost(packet.Segment, now);
        }

        if (IsCurrentMessage(packet.Message, packet.MessageGeneration))
        {
            int stream = state.Messages[packet.Message].Stream;
            messages.Finish(packet.Message, EventKind.MessageLost);
            lifecycle.CheckSendingEnded(stream);
        }

        RequestControlsAgain(connection, packet);
    }

    /// <summary>A probe time-out passed: what the packet carries is sent again without counting as lost (RFC 9002 §6.2.4). False: it carries no data.</summary>
    public bool TryProbe(Connection connection, in SentPacket packet)
    {
        RequestControlsAgain(connection, packet);
        if (!IsCurrentSegment(packet))
        {
            return false;
        }

        segments.Move(packet.Segment, toLost: true);
        lifecycle.Schedule(state.Segments[packet.Segment].Stream);
        return true;
    }

    /// <summary>A packet is not remembered any more though nothing is known of it: what it carries is sent again, as by a probe, and does not count as lost.</summary>
    public void OnForgotten(Connection connection, in SentPacket packet)
    {
        TryProbe(connection, packet);
        if (IsCurrentMessage(packet.Message, packet.MessageGeneration))
        {
            int stream = state.Messages[packet.Message].Stream;
            messages.Finish(packet.Message, EventKind.MessageLost);
            lifecycle.CheckSendingEnded(stream);
        }
    }

    /// <summary>Frees the control records of a packet that is remembered no longer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FreeControls(ref SentPacket packet)
    {
        while (packet.Control >= 0)
        {
            int index = packet.Control;
            packet.Control = state.Controls[index].Next;
            state.Controls.Free(index);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsCurrentSegment(in SentPacket packet) =>
        packet.Segment >= 0 && state.Segments[packet.Segment].Generation == packet.SegmentGeneration;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsCurrentMessage(int index, uint generation) => index >= 0 && state.Messages[index].Generation == generation;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void OnSegmentAcknowledged(int segmentIndex)
    {
        ref Segment segment = ref state.Segments[segmentIndex];
        int index = segment.Stream;
        ref StreamState stream = ref state.Streams[index];
        if (segment.HasFin)
        {
            stream.Set(StreamFlags.FinAcknowledged);
        }

        if (segment.Message >= 0)
        {
            messageSender.FreeFragment(segmentIndex);
        }
        else
        {
            segments.Free(segmentIndex);
            if (stream.Send.Buffered == 0)
            {
                FreeDeadlines(ref stream);
            }
        }

        if (stream.Has(StreamFlags.WantsWritable | StreamFlags.FinAcknowledged))
        {
            messageSender.OnRoom(index);
            lifecycle.CheckSendingEnded(index);
        }
    }

    /// <summary>With nothing outstanding, no deadline of an RO stream can be missed.</summary>
    private void FreeDeadlines(ref StreamState stream)
    {
        while (stream.Send.MessageHead >= 0)
        {
            messages.Finish(stream.Send.MessageHead, EventKind.MessageAcknowledged);
        }
    }

    private void OnSegmentLost(int segmentIndex, Instant now)
    {
        ref Segment segment = ref state.Segments[segmentIndex];
        int index = segment.Stream;
        ref StreamState stream = ref state.Streams[index];
        segment.Losses++;
        if (segment.Message >= 0)
        {
            ref OutboundMessage message = ref state.Messages[segment.Message];
            if (message.Has(MessageFlags.Skipped))
            {
                messageSender.FreeFragment(segmentIndex);
                return;
            }

            if (message.Deadline <= now || (message.MaxAttempts != 0 && segment.Losses >= message.MaxAttempts))
            {
                // Given up first: a message whose last fragment goes would else count as acknowledged.
                messageSender.GiveUp(segment.Message);
                messageSender.FreeFragment(segmentIndex);
                return;
            }
        }

        if (segment.Losses >= stream.MaxAttempts)
        {
            lifecycle.TryResetSending(index, ReasonCode.AttemptsExhausted, tellApplication: true);
            return;
        }

        segments.Move(segmentIndex, toLost: true);
        lifecycle.Schedule(index);
    }

    private void OnControlAcknowledged(in ControlRecord record)
    {
        if (record.Message >= 0)
        {
            if (IsCurrentMessage(record.Message, record.MessageGeneration))
            {
                messageSender.OnSkipAcknowledged(record.Message);
            }

            return;
        }

        if (record.Stream < 0 || state.Streams[record.Stream].Generation != record.StreamGeneration || state.Streams[record.Stream].Has(StreamFlags.Dead))
        {
            return;
        }

        ref StreamState stream = ref state.Streams[record.Stream];
        if ((record.StreamFrames & StreamControl.Open) != 0)
        {
            stream.Set(StreamFlags.OpenKnown);
        }

        if ((record.StreamFrames & StreamControl.Close) != 0)
        {
            stream.Set(StreamFlags.FinAcknowledged);
            lifecycle.CheckSendingEnded(record.Stream);
        }

        if ((record.StreamFrames & StreamControl.Reset) != 0)
        {
            lifecycle.OnResetAcknowledged(record.Stream);
        }
    }

    private void RequestControlsAgain(Connection connection, in SentPacket packet)
    {
        for (int i = packet.Control; i >= 0; i = state.Controls[i].Next)
        {
            ref ControlRecord record = ref state.Controls[i];
            if (record.Message >= 0)
            {
                if (IsCurrentMessage(record.Message, record.MessageGeneration) && !state.Messages[record.Message].Has(MessageFlags.SkipQueued))
                {
                    messages.RequestSkip(record.Message);
                }
            }
            else if (record.Stream < 0)
            {
                connection.Control |= record.ConnectionFrames;
            }
            else if (state.Streams[record.Stream].Generation == record.StreamGeneration)
            {
                RequestStreamAgain(record);
            }
        }

        state.MarkReady(connection);
    }

    private void RequestStreamAgain(in ControlRecord record)
    {
        ref StreamState stream = ref state.Streams[record.Stream];
        StreamControl again = record.StreamFrames;
        if (stream.Has(StreamFlags.OpenKnown))
        {
            again &= ~StreamControl.Open;
        }

        if (stream.SendState is not SendState.DataSent || stream.Has(StreamFlags.FinAcknowledged))
        {
            again &= ~StreamControl.Close;
        }

        if (stream.SendState != SendState.ResetSent)
        {
            again &= ~StreamControl.Reset;
        }

        if (stream.ReceiveState != ReceiveState.Open)
        {
            again &= ~(StreamControl.Window | StreamControl.StopSending | StreamControl.Gaps);
        }

        if (again != StreamControl.None)
        {
            lifecycle.Request(record.Stream, again);
        }
    }
}
