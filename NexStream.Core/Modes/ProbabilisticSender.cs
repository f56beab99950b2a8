using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Fec;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>
/// The sending side of Probabilistic's promise (NS-PR-001, NS-PR-002): leaves messages out where the path delivers more than was asked for, and puts them
/// into groups with repairs where it delivers less. A group is closed when it is full, when its oldest message has waited long enough, or when no
/// more comes. Repairs are messages of their own, sent before those that wait.
/// </summary>
internal sealed class ProbabilisticSender(EndpointState state, StreamLifecycle lifecycle, OutboundMessages messages, ProbabilisticStreams streams)
{
    private const int NotDrawn = -1;
    private const int NotGrouped = -1;

    /// <summary>Whether messages of the stream may be left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayThin(in StreamState stream)
    {
        ref OutboundDelivery sending = ref state.Probabilistic[stream.Receive.Delivery].Sending;
        return sending.IsWanted && sending.Plan.SendShare < 1;
    }

    /// <summary>Whether this message is left out, so that the delivered share comes down to what was asked for. Each is drawn by itself.</summary>
    public bool IsThinned(in StreamState stream)
    {
        ref OutboundDelivery sending = ref state.Probabilistic[stream.Receive.Delivery].Sending;
        if (!MayThin(stream) || sending.Draws.Draw(sending.Plan.SendShare))
        {
            return false;
        }

        sending.Thinned++;
        return true;
    }

    /// <summary>A message is being sent under its number: it joins the group, if it is to have repairs. Returns its place there, or -1.</summary>
    public int Join(Connection connection, int index, ReadOnlySpan<PayloadSlice> slices, int length, byte pathBit, ulong number)
    {
        ref ProbabilisticStream own = ref state.Probabilistic[state.Streams[index].Receive.Delivery];
        if (!own.Sending.IsWanted || !own.Sending.Plan.HasRepairs)
        {
            // The plan has changed since the group began, which ends in front of this message, because its numbers are consecutive.
            if (own.Group.Count > 0)
            {
                Close(connection, index);
            }

            return NotGrouped;
        }

        // A symbol is one run, so that it can be coded where it lies: a message of several has a group of its own, and is repeated.
        if (own.Group.Count > 0 && slices.Length > 1)
        {
            Close(connection, index);
        }

        if (own.Group.Count == 0 && !TryBegin(connection, ref own, index, number))
        {
            return NotGrouped;
        }

        if (!TryKeep(ref own.Group, slices))
        {
            // Without records the message goes unprotected, and the group ends in front of it, because its numbers are consecutive.
            Close(connection, index);
            return NotGrouped;
        }

        own.Group.Longest = Math.Max(own.Group.Longest, length);
        own.Group.Paths |= pathBit;
        return own.Group.Count++;
    }

    /// <summary>The message that joined last was written: a group that is full, or of one message in several runs, is closed.</summary>
    public void CloseIfFull(Connection connection, int index, int sliceCount)
    {
        ref ProbabilisticStream own = ref state.Probabilistic[state.Streams[index].Receive.Delivery];
        if (own.Group.Count > 0 && (own.Group.Count >= own.Sending.Config.GroupSize || sliceCount > 1))
        {
            Close(connection, index);
        }

        CloseIfLast(index);
    }

    /// <summary>The application has finished and nothing waits: the group that is open gets its repairs now.</summary>
    public void CloseIfLast(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (streams.HasOpenGroup(stream) && stream.Has(StreamFlags.FinQueued) && stream.Send.MessageUnsent < 0)
        {
            Close(state.Connections[stream.Connection], index);
        }
    }

    /// <summary>Closes the groups whose oldest message has waited long enough.</summary>
    public void OnTimeout(Connection connection, Instant now)
    {
        while (connection.FlushList.DueAt(state.Probabilistic) <= now)
        {
            Close(connection, state.Probabilistic[connection.FlushList.Head].Stream);
        }
    }

    private bool TryBegin(Connection connection, ref ProbabilisticStream own, int index, ulong first)
    {
        ref OutboundGroup group = ref own.Group;
        if (group.Unprotected > 0)
        {
            group.Unprotected--;
            return false;
        }

        group.Repairs = NotDrawn;
        if (group.LastWasFull)
        {
            // It will be full, so that what it gets can be drawn now: most groups of a lightly loaded stream get nothing, and then nothing is kept.
            group.Repairs = own.Sending.Plan.DrawRepairs(ref own.Sending.Draws);
            if (group.Repairs == 0)
            {
                group.Unprotected = own.Sending.Config.GroupSize - 1;
                return false;
            }
        }

        group.First = first;
        group.Longest = 0;
        group.Paths = 0;
        Instant at = state.Now + connection.Config.RepairFlush;
        connection.FlushList.Add(state.Probabilistic, state.Streams[index].Receive.Delivery, at);
        state.MarkDeadline(connection);
        return true;
    }

    private bool TryKeep(ref OutboundGroup group, ReadOnlySpan<PayloadSlice> slices)
    {
        if (!state.Store.HasChunksForSending(slices.Length))
        {
            return false;
        }

        ulong position = (ulong)group.Count << OutboundGroup.IndexShift;
        foreach (ref readonly PayloadSlice slice in slices)
        {
            state.Frames.AddReference(slice.Frame);
            state.Store.TryLink(ref group.Messages, slice, position);
            position += (uint)slice.Length;
        }

        return true;
    }

    private void Close(Connection connection, int index)
    {
        ref StreamState stream = ref state.Streams[index];
        ref ProbabilisticStream own = ref state.Probabilistic[stream.Receive.Delivery];
        int first = Slab<OutboundMessage>.None;

        // A group that began and found no record for its first message has nothing to repair.
        if (own.Group.Count > 0 && DrawRepairs(ref own) is > 0 and int rows)
        {
            Span<PayloadSlice> sources = stackalloc PayloadSlice[RepairFrame.GroupSizeMax];
            Span<uint> lengths = stackalloc uint[RepairFrame.GroupSizeMax];
            int count = own.Group.Count;
            int runs = 0;
            for (int i = own.Group.Messages.Head; i >= 0 && runs < sources.Length; i = state.Store.Chunks[i].Next)
            {
                sources[runs] = state.Store.Chunks[i].Slice;
                lengths[runs] = (uint)sources[runs].Length;
                runs++;
            }

            first = count == 1
                ? Repeat(index, own.Group, sources[..runs], rows)
                : Encode(connection, index, own.Group, sources[..count], lengths[..count], rows);
        }

        streams.ClearSending(index);
        if (first >= 0)
        {
            stream.Send.MessageUnsent = first;
            lifecycle.Schedule(index);
        }

        lifecycle.RequestCloseIfDrained(index);
    }

    private static int DrawRepairs(ref ProbabilisticStream own)
    {
        int count = own.Group.Count;
        ref OutboundDelivery sending = ref own.Sending;
        own.Group.LastWasFull = count == sending.Config.GroupSize;
        if (own.Group.LastWasFull)
        {
            return own.Group.Repairs != NotDrawn ? own.Group.Repairs : sending.Plan.DrawRepairs(ref sending.Draws);
        }

        if (sending.PartialSize != count)
        {
            sending.PartialPlan = DeliveryFeedback.PlanFor(sending, count);
            sending.PartialSize = count;
        }

        return sending.PartialPlan.DrawRepairs(ref sending.Draws);
    }

    /// <summary>A group of one is repaired by sending its message again from where it lies. Returns the first of the messages, or -1.</summary>
    private int Repeat(int index, in OutboundGroup group, ReadOnlySpan<PayloadSlice> runs, int rows)
    {
        int first = Slab<OutboundMessage>.None;
        for (int row = 0; row < rows && state.Store.HasChunksForSending(runs.Length); row++)
        {
            if (!TryInsert(index, group, row, (uint)group.Longest, ref first, out int repair))
            {
                break;
            }

            foreach (ref readonly PayloadSlice run in runs)
            {
                state.Frames.AddReference(run.Frame);
                state.Store.TryLink(ref state.Messages[repair].Unsent, run, 0);
            }
        }

        return first;
    }

    private int Encode(
        Connection connection, int index, in OutboundGroup group, ReadOnlySpan<PayloadSlice> sources, ReadOnlySpan<uint> lengths, int rows)
    {
        if (!Features.HasForwardErrorCorrection)
        {
            // Nobody can have asked for it; where the switch says so, the code is gone as well.
            return Slab<OutboundMessage>.None;
        }

        Span<PayloadSlice> parities = stackalloc PayloadSlice[RepairFrame.GroupSizeMax];
        int framesMax = state.SendFramesMax(connection, state.Streams[index]);
        int made = 0;
        while (made < rows && state.Store.TryTakeWhole(group.Longest, connection.Index, framesMax, out parities[made]))
        {
            made++;
        }

        ReedSolomon.Encode(new RunSymbols(state.Frames, sources), new RunBuffers(state.Frames, parities[..made]), group.Longest);
        int first = Slab<OutboundMessage>.None;
        for (int row = 0; row < made; row++)
        {
            if (TryInsert(index, group, row, ReedSolomon.EncodeWord(row, lengths), ref first, out int repair))
            {
                state.Messages[repair].Piece = parities[row];
            }
            else
            {
                state.Frames.Release(parities[row].Frame);
            }
        }

        ref OutboundDelivery sending = ref state.Probabilistic[state.Streams[index].Receive.Delivery].Sending;
        sending.RepairsSkipped += (uint)(rows - made);
        return first;
    }

    /// <summary>A message for a repair, before those that were not sent yet.</summary>
    private bool TryInsert(int index, in OutboundGroup group, int row, uint lengthParity, ref int first, out int repair)
    {
        ref OutboundDelivery sending = ref state.Probabilistic[state.Streams[index].Receive.Delivery].Sending;
        if (!messages.TryInsert(index, group.Longest, out repair))
        {
            sending.RepairsSkipped++;
            return false;
        }

        ref OutboundMessage message = ref state.Messages[repair];
        message.Flags |= MessageFlags.Repair;
        message.Number = group.First;
        message.GroupSize = (byte)group.Count;
        message.Row = (byte)row;
        message.AvoidedPaths = group.Paths;
        message.LengthParity = lengthParity;
        state.AddBuffered(ref state.Streams[index], message.Length);
        first = first >= 0 ? first : repair;
        sending.RepairsSent++;
        return true;
    }
}
