using System.Numerics;
using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Fec;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>
/// The receiving side of Probabilistic: a message is given out as soon as it is there, by itself or by repair, and once. What arrived is also kept for its
/// group, until nothing of that is missing or it is too old, and is counted for the reports to the sender.
/// </summary>
internal sealed class ProbabilisticReceiver(
    EndpointState state, StreamLifecycle lifecycle, MessageReceiver messages, ProbabilisticStreams streams, PayloadKeeper keeper)
{
    /// <summary>A message. Without memory it is lost, as its mode allows: its packet is acknowledged.</summary>
    public ReceiveOutcome OnMessage(Connection connection, int index, ref StreamState stream, in DataFrame frame, in InboundPayload payload)
    {
        ulong first = connection.Config.FirstSequence;
        ref InboundDelivery receiving = ref state.Probabilistic[stream.Receive.Delivery].Receiving;
        if (!MessageReceiver.Wants(stream) || payload.Length == 0 || frame.Position < first || !receiving.Meter.OnArrived(frame.Position - first))
        {
            return ReceiveOutcome.Accepted;
        }

        RequestReport(connection, stream.Receive.Delivery);
        if (!messages.TryTakeDatagram(connection, index, ref stream, frame.Position, hasNumber: true, payload, out int message))
        {
            return ReceiveOutcome.Accepted;
        }

        if (frame.IsGrouped)
        {
            KeepForGroup(connection, index, frame.Position, frame.GroupIndex, state.Inbound[message]);
        }

        messages.Complete(connection, index, message);
        return ReceiveOutcome.Accepted;
    }

    /// <summary>Whether the message is above all others of its stream, so that it is for certain new.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAhead(Connection connection, in StreamState stream, ulong number)
    {
        ulong first = connection.Config.FirstSequence;
        return number >= first && state.Probabilistic[stream.Receive.Delivery].Receiving.Meter.IsAhead(number - first);
    }

    /// <summary>A message that is ahead arrived, and will be given out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnAhead(Connection connection, in StreamState stream, ulong number)
    {
        bool isNew = state.Probabilistic[stream.Receive.Delivery].Receiving.Meter.OnArrived(number - connection.Config.FirstSequence);
        Invariant.Check(isNew, "A message that is given out was not given out before.");
        RequestReport(connection, stream.Receive.Delivery);
    }

    /// <summary>Whether a message can have this place in a group, as the numbers of its messages say.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPlace(int place, ulong number) => place < RepairFrame.GroupSizeMax && (uint)place <= number;

    /// <summary>Whether no repair came of the group in which a message has this place, so that to keep the message brings nothing back.</summary>
    public bool IsWithoutRepairs(in StreamState stream, ulong number, int place)
    {
        int group = streams.FindGroup(state.Probabilistic[stream.Receive.Delivery].Receiving, number - (uint)place);
        return group < 0 || state.Groups[group].Size == 0;
    }

    /// <summary>Whether a repair violates nothing: its stream is of this mode, and its group as large as the group's others say.</summary>
    public bool MayTake(in StreamState stream, in RepairFrame frame)
    {
        if (stream.Mode != TransportMode.Probabilistic)
        {
            return false;
        }

        int group = streams.FindGroup(state.Probabilistic[stream.Receive.Delivery].Receiving, frame.FirstMessage);
        return group < 0 || state.Groups[group].Size == 0 || state.Groups[group].Size == frame.GroupSize;
    }

    /// <summary>A repair: kept until it can bring back what is missing, which may be at once.</summary>
    public ReceiveOutcome OnRepair(Connection connection, int index, in RepairFrame frame, in InboundPayload payload)
    {
        ref StreamState stream = ref state.Streams[index];
        ulong first = connection.Config.FirstSequence;
        if (stream.Mode != TransportMode.Probabilistic)
        {
            return ReceiveOutcome.Violated(ReasonCode.StreamStateViolation);
        }

        if (!MessageReceiver.Wants(stream) || payload.Length == 0 || frame.FirstMessage < first)
        {
            return ReceiveOutcome.Accepted;
        }

        int group = streams.FindGroup(state.Probabilistic[stream.Receive.Delivery].Receiving, frame.FirstMessage);
        if (!IsMissing(stream, frame, first))
        {
            // Only a repair says where a group ends, and so that this one, of which all came, has nothing to wait for.
            if (group >= 0)
            {
                streams.FreeGroup(group);
            }

            return ReceiveOutcome.Accepted;
        }

        if (frame.GroupSize == 1)
        {
            return OnRepeated(connection, index, ref stream, frame, payload, first);
        }

        if (group < 0 && !streams.TryAddGroup(index, frame.FirstMessage, out group))
        {
            return ReceiveOutcome.Accepted;
        }

        ref InboundGroup record = ref state.Groups[group];
        if (record.Size != 0 && record.Size != frame.GroupSize)
        {
            return ReceiveOutcome.Violated(ReasonCode.MessageViolation);
        }

        record.Size = frame.GroupSize;
        if (!TryKeepRepair(connection, ref record, frame, payload) || (record.Messages >> 1 >> (frame.GroupSize - 1)) != 0)
        {
            // Repairs of one group are equally long, and no message stands behind its end: this group is none, or there is no memory for it.
            streams.FreeGroup(group);
            return ReceiveOutcome.Accepted;
        }

        Recover(connection, index, group);
        return ReceiveOutcome.Accepted;
    }

    /// <summary>Gives up groups that are too old, and asks for the reports that are due.</summary>
    public void OnTimeout(Connection connection, Instant now)
    {
        while (connection.GroupList.DueAt(state.Groups) <= now)
        {
            streams.FreeGroup(connection.GroupList.Head);
        }

        while (connection.ReportList.DueAt(state.Probabilistic) <= now)
        {
            int record = connection.ReportList.Head;
            connection.ReportList.Remove(state.Probabilistic, record);
            lifecycle.Request(state.Probabilistic[record].Stream, StreamControl.Gaps);
        }
    }

    private void RequestReport(Connection connection, int record)
    {
        if (!state.Probabilistic[record].Report.IsListed)
        {
            Instant at = state.Now + connection.Config.ReportInterval;
            connection.ReportList.Add(state.Probabilistic, record, at);
            state.MarkDeadline(connection);
        }
    }

    private bool IsMissing(in StreamState stream, in RepairFrame frame, ulong first)
    {
        ref LossMeter meter = ref state.Probabilistic[stream.Receive.Delivery].Receiving.Meter;
        for (int i = 0; i < frame.GroupSize; i++)
        {
            if (meter.IsMissing(frame.FirstMessage - first + (uint)i))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A message that was sent again, without a code.</summary>
    private ReceiveOutcome OnRepeated(
        Connection connection, int index, ref StreamState stream, in RepairFrame frame, in InboundPayload payload, ulong first)
    {
        ref InboundDelivery receiving = ref state.Probabilistic[stream.Receive.Delivery].Receiving;
        if (frame.LengthParity != (uint)payload.Length || !receiving.Meter.OnRecovered(frame.FirstMessage - first))
        {
            return ReceiveOutcome.Accepted;
        }

        RequestReport(connection, stream.Receive.Delivery);
        if (messages.TryTakeDatagram(connection, index, ref stream, frame.FirstMessage, hasNumber: true, payload, out int message))
        {
            messages.Complete(connection, index, message);
        }

        return ReceiveOutcome.Accepted;
    }

    /// <summary>
    /// Whether memory may be spent on what perhaps is never needed: half of the connection's share, and nothing that the arena keeps for gaps, is for what the
    /// application waits for; nor may the chunk that it takes be the last with which the next message comes in.
    /// </summary>
    private bool MayKeep(Connection connection) =>
        state.Frames.HeldBy(connection.Index) < connection.Memory.FramesMax / 2 && !state.Store.OnlyGapsMayFillBehind(1);

    /// <summary>A message arrived that is in a group: it is kept, and brings back what it can.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">The stream.</param>
    /// <param name="number">The message.</param>
    /// <param name="position">Its place in the group.</param>
    /// <param name="message">Its record, closed.</param>
    public void KeepForGroup(Connection connection, int index, ulong number, int position, in InboundMessage message)
    {
        ulong first = number - (uint)position;
        if (first < connection.Config.FirstSequence)
        {
            return;
        }

        int group = streams.FindGroup(state.Probabilistic[state.Streams[index].Receive.Delivery].Receiving, first);
        if ((group < 0 && !streams.TryAddGroup(index, first, out group)) || (state.Groups[group].Messages & (1UL << position)) != 0)
        {
            return;
        }

        ref InboundGroup record = ref state.Groups[group];
        ulong place = (ulong)position << InboundGroup.IndexShift;
        bool isKept = MayKeep(connection)
            && (message.IsWhole
                ? TryKeepRun(ref record.MessageRuns, message.Whole, place)
                : TryKeepWhole(connection, ref record.MessageRuns, message.Content, place));
        if (!isKept || (record.Size != 0 && position >= record.Size))
        {
            streams.FreeGroup(group);
            return;
        }

        record.Messages |= 1UL << position;
        if (record.Size != 0)
        {
            Recover(connection, index, group);
        }
    }

    /// <summary>Keeps a message as one run: where it lies, if it is one.</summary>
    private bool TryKeepWhole(Connection connection, ref ChunkList runs, in ChunkList content, ulong position)
    {
        PayloadSlice whole = state.Store.Chunks[content.Head].Slice;
        if (content.Head == content.Tail)
        {
            return TryKeepRun(ref runs, whole, position);
        }

        return TryGather(connection, content, out whole) && TryLink(ref runs, whole, position);
    }

    /// <summary>Keeps a run that somebody else holds as well.</summary>
    private bool TryKeepRun(ref ChunkList runs, in PayloadSlice run, ulong position)
    {
        state.Frames.AddReference(run.Frame);
        return TryLink(ref runs, run, position);
    }

    /// <summary>Puts a run into a list with its reference, which goes back if there is no chunk.</summary>
    private bool TryLink(ref ChunkList runs, in PayloadSlice run, ulong position)
    {
        if (state.Store.TryLink(ref runs, run, position))
        {
            return true;
        }

        state.Frames.Release(run.Frame);
        return false;
    }

    private bool TryGather(Connection connection, in ChunkList content, out PayloadSlice whole)
    {
        int length = 0;
        for (int chunk = content.Head; chunk >= 0; chunk = state.Store.Chunks[chunk].Next)
        {
            length += state.Store.Chunks[chunk].Slice.Length;
        }

        whole = default;
        if (length > state.Frames.FrameSize || !state.Store.TryTakeWhole(length, connection.Index, connection.Memory.FramesMax, out whole))
        {
            return false;
        }

        Span<byte> to = state.Frames.Bytes(whole);
        for (int chunk = content.Head; chunk >= 0; chunk = state.Store.Chunks[chunk].Next)
        {
            ReadOnlySpan<byte> from = state.Frames.Bytes(state.Store.Chunks[chunk].Slice);
            from.CopyTo(to);
            to = to[from.Length..];
        }

        return true;
    }

    private bool TryKeepRepair(Connection connection, ref InboundGroup group, in RepairFrame frame, in InboundPayload payload)
    {
        if ((group.Repairs & (1UL << frame.Row)) != 0)
        {
            return true;
        }

        ChunkList parity = ChunkList.Empty;
        bool isKept = MayKeep(connection) && (group.Repairs == 0 || group.RepairLength == payload.Length)
            && keeper.Append(connection.Memory, ref parity, payload, 0, payload.Length, 0) == payload.Length
            && TryKeepWhole(connection, ref group.RepairRuns, parity, ((ulong)frame.Row << InboundGroup.IndexShift) | frame.LengthParity);
        state.Store.Clear(ref parity);
        group.RepairLength = payload.Length;
        group.Repairs |= 1UL << frame.Row;
        return isKept;
    }

    /// <summary>Brings back what is missing as soon as there are as many repairs; a group that is complete is let go.</summary>
    private void Recover(Connection connection, int index, int groupIndex)
    {
        ref InboundGroup group = ref state.Groups[groupIndex];
        int missing = group.Size - BitOperations.PopCount(group.Messages);
        if (missing == 0)
        {
            streams.FreeGroup(groupIndex);
        }
        else if (missing <= BitOperations.PopCount(group.Repairs))
        {
            Decode(connection, index, group, missing);
            streams.FreeGroup(groupIndex);
        }
    }

    private void Decode(Connection connection, int index, in InboundGroup group, int missing)
    {
        Span<PayloadSlice> sources = stackalloc PayloadSlice[RepairFrame.GroupSizeMax];
        Span<PayloadSlice> parities = stackalloc PayloadSlice[RepairFrame.GroupSizeMax];
        Span<PayloadSlice> outputs = stackalloc PayloadSlice[RepairFrame.GroupSizeMax];
        Span<uint> lengths = stackalloc uint[RepairFrame.GroupSizeMax];
        Span<uint> parityLengths = stackalloc uint[RepairFrame.GroupSizeMax];
        for (int i = group.MessageRuns.Head; i >= 0; i = state.Store.Chunks[i].Next)
        {
            int place = (int)(state.Store.Chunks[i].Position >> InboundGroup.IndexShift);
            sources[place] = state.Store.Chunks[i].Slice;
            lengths[place] = (uint)sources[place].Length;
            if (sources[place].Length > group.RepairLength)
            {
                // A repair is as long as the longest message.
                return;
            }
        }

        for (int i = group.RepairRuns.Head; i >= 0; i = state.Store.Chunks[i].Next)
        {
            int row = (int)(state.Store.Chunks[i].Position >> InboundGroup.IndexShift);
            parities[row] = state.Store.Chunks[i].Slice;
            parityLengths[row] = unchecked((uint)state.Store.Chunks[i].Position);
        }

        if (!Features.HasForwardErrorCorrection || group.RepairLength > state.Frames.FrameSize)
        {
            // What is brought back is written into one frame, and the peer's frames may be longer.
            return;
        }

        int taken = 0;
        while (taken < missing && state.Store.TryTakeWhole(group.RepairLength, connection.Index, connection.Memory.FramesMax, out outputs[taken]))
        {
            taken++;
        }

        if (taken == missing)
        {
            ReedSolomon.Recover(
                group.Size, group.Messages, group.Repairs, new RunSymbols(state.Frames, sources), new RunSymbols(state.Frames, parities),
                new RunBuffers(state.Frames, outputs[..missing]), group.RepairLength, lengths, parityLengths);
            GiveOut(connection, index, group, outputs[..missing], lengths);
        }

        foreach (ref readonly PayloadSlice output in outputs[..taken])
        {
            state.Frames.Release(output.Frame);
        }
    }

    /// <summary>Gives out what came back, in the order of its numbers, if it can be what was sent.</summary>
    private void GiveOut(Connection connection, int index, in InboundGroup group, ReadOnlySpan<PayloadSlice> outputs, ReadOnlySpan<uint> lengths)
    {
        ref StreamState stream = ref state.Streams[index];
        ulong first = connection.Config.FirstSequence;
        int next = 0;
        for (int place = 0; place < group.Size; place++)
        {
            if ((group.Messages & (1UL << place)) != 0)
            {
                continue;
            }

            PayloadSlice run = outputs[next++];
            ulong number = group.First + (uint)place;
            bool isPossible = lengths[place] >= 1 && lengths[place] <= (uint)group.RepairLength;
            if (!isPossible || !state.Probabilistic[stream.Receive.Delivery].Receiving.Meter.OnRecovered(number - first))
            {
                continue;
            }

            RequestReport(connection, stream.Receive.Delivery);
            var payload = new InboundPayload([], PayloadSlice.NoFrame, 0, [run.WithLength((int)lengths[place])], (int)lengths[place]);
            if (messages.TryTakeDatagram(connection, index, ref stream, number, hasNumber: true, payload, out int message))
            {
                messages.Complete(connection, index, message);
            }
        }
    }
}
