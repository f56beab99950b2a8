using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Core.Connections;

/// <summary>What becomes of a packet's content when the packet is acknowledged or lost. Information is sent again, never packets (RFC 9000 §13.3).</summary>
internal sealed class PacketContents(
    EndpointState state, SegmentStore segments, OrderedSendBuffer sendBuffer, StreamLifecycle lifecycle, OutboundMessages messages, MessageSender messageSender)
{
    private readonly Slab<Segment> _segments = state.Segments;
    private readonly Slab<StreamState> _streams = state.Streams;

    /// <summary>A packet was acknowledged, in flight or declared lost.</summary>
    public void OnAcknowledged(in SentPacket packet)
    {
        if (packet.Length > 0)
        {
            OnBytesAcknowledged(packet);
        }

        OnSegmentAcknowledged(packet);

        EndMessage(packet, EventKind.MessageAcknowledged);

        for (int i = packet.Control; i >= 0; i = state.Controls[i].Next)
        {
            OnControlAcknowledged(state.Controls[i]);
        }
    }

    /// <summary>A packet that carried nothing but a part of a message, or nothing that is remembered, was acknowledged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnSegmentAcknowledged(in SentPacket packet)
    {
        if (packet.Segment < 0)
        {
            return;
        }

        state.SegmentsReserved -= packet.Packets - 1;
        if (!IsCurrentSegment(packet))
        {
            return;
        }

        ref Segment segment = ref _segments[packet.Segment];
        int index = segment.Stream;
        ref StreamState stream = ref _streams[index];
        if (segment.HasFin)
        {
            stream.Set(StreamFlags.FinAcknowledged);
        }

        messageSender.FreeFragment(packet.Segment);
        OnRoom(index, stream);
    }

    /// <summary>Bytes of an RO stream were acknowledged: what packets carried that were in flight and sent them first.</summary>
    public void OnAcknowledged(in ByteRun run)
    {
        ref StreamState stream = ref state.Streams[run.Stream];
        state.SegmentsReserved -= run.Packets;
        if (stream.Generation == run.StreamGeneration)
        {
            OnBytesAcknowledged(run.Stream, ref stream, run.From, run.To);
        }
    }

    /// <summary>Packets that share a record fare differently: it keeps the first <paramref name="count"/>. Returns the record of the others, for which one was kept.</summary>
    public int Split(Path path, int index, int count)
    {
        bool isFree = state.Packets.TryAllocate(out int rest);
        Invariant.Check(isFree && state.PacketsInRuns > 0, "There is a record for every packet that shares another's.");
        state.PacketsInRuns--;
        path.InFlight.Split(state.Packets, index, count, rest);
        ref SentPacket behind = ref state.Packets[rest];
        ref StreamState stream = ref _streams[behind.Stream];
        behind.Chunk = behind.Length > 0 && stream.Generation == behind.StreamGeneration
            ? sendBuffer.ChunkOf(stream.Send, state.Packets[index], behind.Position)
            : Slab<Chunk>.None;
        if (behind.Segment >= 0)
        {
            SplitSegment(ref behind, count);
        }

        return rest;
    }

    /// <summary>Packets that shared a segment get one for those that are split off: each kept one in reserve, also where the segment is needed no longer.</summary>
    private void SplitSegment(ref SentPacket behind, int count)
    {
        state.SegmentsReserved--;
        if (IsCurrentSegment(behind))
        {
            int each = _segments[behind.Segment].Length / (count + behind.Packets);
            behind.Segment = segments.Split(behind.Segment, count * each, behind.Number, out behind.SegmentGeneration);
        }
    }

    /// <summary>The packet is remembered no longer as one in flight: what was kept in case it was lost comes free.</summary>
    public void Forgo(in SentPacket packet)
    {
        if (packet.Length > 0 && (packet.Flags & SentPacketFlags.Requeued) == 0)
        {
            state.SegmentsReserved--;
        }
    }

    public void OnLost(Connection connection, Path path, ref SentPacket packet, Instant now)
    {
        if (packet.Length > 0)
        {
            OnBytesLost(ref packet);
        }

        if (packet.Stream >= 0 && state.Streams[packet.Stream].Generation == packet.StreamGeneration)
        {
            state.Streams[packet.Stream].Send.PacketsLost++;
        }

        if (IsCurrentSegment(packet) && IsLatestOf(state.Segments[packet.Segment], path, packet))
        {
            OnSegmentLost(packet.Segment, now);
        }

        EndMessage(packet, EventKind.MessageLost);

        RequestControlsAgain(connection, path, packet);
    }

    /// <summary>A probe time-out passed: what the packet carries is sent again without counting as lost (RFC 9002 §6.2.4). False: it carries no data.</summary>
    public bool TryProbe(Connection connection, Path path, ref SentPacket packet)
    {
        RequestControlsAgain(connection, path, packet);
        if (packet.Length > 0)
        {
            return TryRequeue(ref packet, packet.Losses);
        }

        if (!IsCurrentSegment(packet))
        {
            return false;
        }

        segments.Move(packet.Segment, toLost: true);
        lifecycle.Schedule(state.Segments[packet.Segment].Stream);
        return true;
    }

    /// <summary>A packet is not remembered any more though nothing is known of it: what it carries is sent again, as by a probe, and does not count as lost.</summary>
    public void OnForgotten(Connection connection, Path path, ref SentPacket packet)
    {
        TryProbe(connection, path, ref packet);
        EndMessage(packet, EventKind.MessageLost);
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

    /// <summary>Whether a message still waits for what the packet carried of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsCurrentSegment(in SentPacket packet) =>
        packet.Segment >= 0 && _segments[packet.Segment].Generation == packet.SegmentGeneration;

    /// <summary>Whether a segment waits for this packet: it was not sent again, or on another path, since.</summary>
    private static bool IsLatestOf(in Segment segment, Path path, in SentPacket packet) =>
        segment.Packet == packet.Number && segment.Path == path.Id && !segment.IsLost;

    /// <summary>A message that was sent once, and is to be reported, is known to have ended.</summary>
    private void EndMessage(in SentPacket packet, EventKind outcome)
    {
        if (IsCurrentMessage(packet.Message, packet.MessageGeneration))
        {
            int stream = state.Messages[packet.Message].Stream;
            messages.Finish(packet.Message, outcome);
            lifecycle.CheckSendingEnded(stream);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsCurrentMessage(int index, uint generation) => index >= 0 && state.Messages[index].Generation == generation;

    private void OnBytesAcknowledged(in SentPacket packet)
    {
        Forgo(packet);
        ref StreamState stream = ref state.Streams[packet.Stream];
        if (stream.Generation != packet.StreamGeneration)
        {
            return;
        }

        if ((packet.Flags & SentPacketFlags.Fin) != 0)
        {
            stream.Set(StreamFlags.FinAcknowledged);
        }

        ulong to = packet.Position + (uint)packet.Length;
        if ((packet.Flags & (SentPacketFlags.SentAgain | SentPacketFlags.Requeued)) != 0)
        {
            sendBuffer.Unqueue(ref stream.Send, packet.Position, to);
        }

        OnBytesAcknowledged(packet.Stream, ref stream, packet.Position, to);
    }

    private void OnBytesAcknowledged(int index, ref StreamState stream, ulong from, ulong to)
    {
        if (!sendBuffer.TryAcknowledge(state.Connections[stream.Connection], ref stream.Send, from, to))
        {
            sendBuffer.RequeueMissing(index, ref stream.Send, from, to, losses: 0);
            lifecycle.Schedule(index);
        }

        if (stream.Send.Buffered == 0)
        {
            FreeDeadlines(ref stream);
        }

        OnRoom(index, stream);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void OnRoom(int index, in StreamState stream)
    {
        if (stream.Has(StreamFlags.WantsWritable | StreamFlags.FinAcknowledged))
        {
            messageSender.OnRoom(index);
            lifecycle.CheckSendingEnded(index);
        }
    }

    private void OnBytesLost(ref SentPacket packet)
    {
        ref StreamState stream = ref state.Streams[packet.Stream];
        int losses = packet.Losses + 1;
        bool isWaitedFor = stream.Generation == packet.StreamGeneration && packet.Position + (uint)packet.Length > stream.Send.Acknowledged;
        if (isWaitedFor && losses >= stream.MaxAttempts && (packet.Flags & SentPacketFlags.Requeued) == 0)
        {
            lifecycle.TryResetSending(packet.Stream, ReasonCode.AttemptsExhausted, tellApplication: true);
        }

        TryRequeue(ref packet, (byte)Math.Min(losses, byte.MaxValue));
    }

    /// <summary>The packet's bytes wait to be sent again. False: they do, or did, already, or their stream is gone.</summary>
    private bool TryRequeue(ref SentPacket packet, byte losses)
    {
        if ((packet.Flags & SentPacketFlags.Requeued) != 0)
        {
            return false;
        }

        packet.Flags |= SentPacketFlags.Requeued;
        state.SegmentsReserved--;
        ref StreamState stream = ref state.Streams[packet.Stream];
        if (stream.Generation != packet.StreamGeneration || stream.Send.Acknowledged == stream.Send.End)
        {
            return false;
        }

        sendBuffer.Requeue(packet.Stream, ref stream.Send, packet, losses);
        lifecycle.Schedule(packet.Stream);
        return true;
    }

    /// <summary>With nothing outstanding, no deadline of an RO stream can be missed.</summary>
    private void FreeDeadlines(ref StreamState stream)
    {
        while (stream.Send.Messages.Head >= 0)
        {
            messages.Finish(stream.Send.Messages.Head, EventKind.MessageAcknowledged);
        }
    }

    private void OnSegmentLost(int segmentIndex, Instant now)
    {
        ref Segment segment = ref state.Segments[segmentIndex];
        int index = segment.Stream;
        ref StreamState stream = ref state.Streams[index];
        segment.Losses++;
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

    private void RequestControlsAgain(Connection connection, Path path, in SentPacket packet)
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
                RequestPathAgain(connection, path, record);
            }
            else if (state.Streams[record.Stream].Generation == record.StreamGeneration)
            {
                RequestStreamAgain(record);
            }
        }

        state.MarkReady(connection);
    }

    private static void RequestPathAgain(Connection connection, Path path, in ControlRecord record)
    {
        path.Control |= record.PathFrames & (PathControl.Ping | PathControl.Pong);
        if ((record.PathFrames & PathControl.Offer) != 0 && connection.Paths.Find(record.Path) is { } offered)
        {
            offered.Control |= PathControl.Offer;
            connection.Control |= ConnectionControl.Paths;
        }

        if ((record.PathFrames & PathControl.Close) != 0)
        {
            connection.ClosedPaths.Add(record.Path);
            connection.Control |= ConnectionControl.Paths;
        }
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
