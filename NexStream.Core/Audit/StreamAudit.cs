using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Core.Audit;

/// <summary>Whether a stream's lists, sums and flags agree.</summary>
internal sealed class StreamAudit(EndpointState state, FrameAudit frames)
{
    /// <summary>Checks one stream and counts the records that it has.</summary>
    public void Check(Connection connection, int index, ref AuditCounts counts)
    {
        ref StreamState stream = ref state.Streams[index];
        counts.Streams++;
        Invariant.Demand(stream.Connection == connection.Index, "A stream is in the list of its own connection.");
        Invariant.Demand(state.StreamIndex.Find(StreamTable.KeyOf(connection.Index, stream.Id)) == index, "A stream is found by its id.");
        CheckSending(index, ref stream, ref counts);
        CheckReceiving(connection, ref stream, ref counts);
        if (stream.Mode == TransportMode.Probabilistic)
        {
            CheckProbabilistic(index, stream, ref counts);
        }

        if (stream.Has(StreamFlags.Dead))
        {
            Invariant.Demand(stream.Send.Buffered == 0 && stream.Receive.Buffered == 0, "A stream that ended holds no bytes.");
            Invariant.Demand(!stream.Has(StreamFlags.Scheduled) && !stream.Has(StreamFlags.CreditBlocked), "A stream that ended has nothing to send.");
        }
    }

    private void CheckSending(int index, ref StreamState stream, ref AuditCounts counts)
    {
        long unsent = CheckMessages(index, ref stream, ref counts);
        if (stream.IsMessageMode)
        {
            long segments = CheckSegments(index, stream.Send.InFlight, isLost: false, ref counts) + CheckSegments(index, stream.Send.Lost, isLost: true, ref counts);
            Invariant.Demand(stream.Send.Buffered == segments + unsent, "What a stream holds for sending is what was not sent and what was not acknowledged.");
        }
        else
        {
            CheckSendBuffer(index, ref stream.Send, ref counts);
        }

        bool isSending = stream.SendState is SendState.Open or SendState.DataSent;
        if (stream.IsReliable && isSending && !stream.Has(StreamFlags.Dead))
        {
            Invariant.Demand(stream.Send.Window.Used <= stream.Send.Window.Limit, "A stream sends within its credit.");
        }
    }

    /// <summary>The chunks of an RO stream reach from the first byte that is not acknowledged, or before it, to the last that was handed over.</summary>
    private void CheckSendBuffer(int index, ref SendHalf send, ref AuditCounts counts)
    {
        long bytes = frames.CountRuns(send.Content, ref counts.Chunks);
        int head = send.Content.Head;
        Invariant.Demand(head < 0 == send.Cursor < 0, "The next byte to be sent lies in a chunk as long as there is one.");
        if (head >= 0)
        {
            ulong first = state.Store.Chunks[head].Position;
            Invariant.Demand(first <= send.Acknowledged && first + (ulong)bytes == send.End, "What is not acknowledged is there.");
            Invariant.Demand(state.Store.Chunks[head].End > send.Acknowledged, "Chunks that were acknowledged are freed.");
            Invariant.Demand(state.Store.Chunks[send.Cursor].Position <= send.Window.Used, "The chunk of the next byte to be sent does not lie behind it.");
        }

        ulong missing = send.End - send.Acknowledged;
        ulong behind = send.Acknowledged;
        for (int i = send.AcknowledgedAhead.Head; i >= 0; i = state.AcknowledgedRuns[i].Next)
        {
            ref RangeNode run = ref state.AcknowledgedRuns[i];
            Invariant.Demand(run.First > behind && run.Last >= run.First && run.Last < send.Window.Used, "Runs that were acknowledged ahead are sorted, and were sent.");
            missing -= run.Last - run.First + 1;
            behind = run.Last + 1;
            counts.AcknowledgedRuns++;
        }

        Invariant.Demand((ulong)send.Buffered == missing, "What a stream holds for sending is what is not acknowledged.");
        for (int i = send.Lost.Head; i >= 0; i = state.Segments[i].Link.Next)
        {
            ref Segment lost = ref state.Segments[i];
            Invariant.Demand(lost.IsLost && lost.Stream == index && lost.SliceCount == 0 && lost.Length > 0, "A run that waits to be sent again knows its stream, and has no slices.");
            Invariant.Demand(lost.Position + (uint)lost.Length <= send.Window.Used, "What waits to be sent again was sent.");
        }

        counts.Segments += send.Lost.Audit(state.Segments);
    }

    private long CheckSegments(int index, in SlabList<Segment, Segment.InStream> list, bool isLost, ref AuditCounts counts)
    {
        long bytes = 0;
        for (int i = list.Head; i >= 0; i = state.Segments[i].Link.Next)
        {
            ref Segment segment = ref state.Segments[i];
            Invariant.Demand(segment.IsLost == isLost && segment.Stream == index, "A segment knows the list that it is in.");
            int length = 0;
            for (int slice = 0; slice < segment.SliceCount; slice++)
            {
                frames.Count(segment.Slices[slice].Frame);
                length += segment.Slices[slice].Length;
            }

            Invariant.Demand(length == segment.Length, "A segment is as long as its slices.");
            bytes += length;
        }

        int count = list.Audit(state.Segments);
        counts.Segments += count;
        counts.SegmentsUnderWay += isLost ? 0 : count;
        return bytes;
    }

    private long CheckMessages(int index, ref StreamState stream, ref AuditCounts counts)
    {
        long unsent = 0;
        bool isUnsentListed = !stream.IsMessageMode || stream.Send.MessageUnsent < 0;
        int fragments = 0;
        for (int i = stream.Send.Messages.Head; i >= 0; i = state.Messages[i].Link.Next)
        {
            ref OutboundMessage message = ref state.Messages[i];
            Invariant.Demand(message.Stream == index, "A message knows its stream.");
            isUnsentListed |= i == stream.Send.MessageUnsent;
            unsent += frames.CountRuns(message.Unsent, ref counts.Chunks);
            unsent += message.Piece.Length > 0 ? frames.CountSlice(message.Piece) : 0;
            fragments += stream.IsReliable ? message.Outstanding : 0;
        }

        counts.Messages += stream.Send.Messages.Audit(state.Messages);
        Invariant.Demand(isUnsentListed, "The first message that was not sent is one of the stream's.");
        if (stream.Mode == TransportMode.ReliableUnordered)
        {
            Invariant.Demand(fragments == stream.Send.InFlight.Audit(state.Segments) + stream.Send.Lost.Audit(state.Segments), "The fragments that are not acknowledged are those that messages wait for.");
        }

        return unsent;
    }

    private void CheckReceiving(Connection connection, ref StreamState stream, ref AuditCounts counts)
    {
        ref ReceiveHalf receive = ref stream.Receive;
        CheckRanges(receive.Arrived, receive.Next, ref counts);
        if (stream.IsMessageMode)
        {
            CheckInbound(ref stream, ref counts);
            return;
        }

        long ready = frames.CountRuns(receive.Ready, ref counts.Chunks);
        int before = counts.Chunks;
        long early = frames.CountRuns(receive.OutOfOrder, ref counts.Chunks);
        Invariant.Demand(receive.PendingCount == counts.Chunks - before, "The runs that came early are counted.");
        Invariant.Demand(receive.Buffered == ready + early, "What a stream holds for reading is what is in order and what came early.");
        ulong edge = receive.Next;
        for (int i = receive.OutOfOrder.Head; i >= 0; i = state.Store.Chunks[i].Next)
        {
            ref Chunk chunk = ref state.Store.Chunks[i];
            Invariant.Demand(chunk.Position >= edge && (edge != receive.Next || chunk.Position > edge), "What came early lies behind what is in order, sorted, without overlaps.");
            edge = chunk.End;
        }

        Invariant.Demand(edge <= receive.Highest || stream.ReceiveState != ReceiveState.Open, "No byte lies behind the highest that was charged.");
        Invariant.Demand(receive.Highest <= receive.Window.Limit || stream.Has(StreamFlags.Dead), "A stream takes no more than the credit that it gave.");
        if (!stream.Has(StreamFlags.Discarding) && stream.ReceiveState is ReceiveState.Open or ReceiveState.DataReceived && !stream.Has(StreamFlags.Dead) && connection.IsOpen)
        {
            Invariant.Demand(receive.Next - receive.Window.Consumed == (ulong)ready, "What is in order was read or waits to be read.");
        }
    }

    private void CheckInbound(ref StreamState stream, ref AuditCounts counts)
    {
        ref ReceiveHalf receive = ref stream.Receive;
        long bytes = 0;
        int partials = 0;
        int last = Slab<InboundMessage>.None;
        for (int i = receive.PartialHead; i >= 0; i = state.Inbound[i].Next)
        {
            ref InboundMessage message = ref state.Inbound[i];
            CheckOrder(message);
            long content = frames.CountRuns(message.Content, ref counts.Chunks) + frames.CountRuns(message.Ahead, ref counts.Chunks);
            Invariant.Demand(!message.IsWhole && content == message.Received && message.Received < message.Length, "A message that is being put together has some of its bytes.");
            Invariant.Demand(message.Previous == last, "The messages that are being put together are linked both ways.");
            bytes += content;
            last = i;
            partials++;
        }

        Invariant.Demand(stream.Mode == TransportMode.Probabilistic || partials == receive.PendingCount, "The messages that are being put together are counted.");
        last = Slab<InboundMessage>.None;
        for (int i = receive.MessageHead; i >= 0; i = state.Inbound[i].Next)
        {
            ref InboundMessage message = ref state.Inbound[i];
            long content = message.IsWhole ? frames.CountSlice(message.Whole) : frames.CountRuns(message.Content, ref counts.Chunks);
            Invariant.Demand(content == message.Length, "A complete message has all of its bytes.");
            bytes += message.Length;
            counts.Inbound++;
            last = i;
        }

        counts.Inbound += partials;
        Invariant.Demand(receive.MessageTail == last, "A list's tail is the last of what its head leads to.");
        Invariant.Demand(receive.Buffered == bytes, "What a stream holds for reading is what its messages have.");
    }

    private void CheckOrder(in InboundMessage message)
    {
        ulong edge = 0;
        for (int i = message.Content.Head; i >= 0; i = state.Store.Chunks[i].Next)
        {
            Invariant.Demand(state.Store.Chunks[i].Position == edge, "What there is of a message's beginning has no gaps.");
            edge = state.Store.Chunks[i].End;
        }

        bool isBehindGap = true;
        for (int i = message.Ahead.Head; i >= 0; i = state.Store.Chunks[i].Next)
        {
            ulong position = state.Store.Chunks[i].Position;
            Invariant.Demand(isBehindGap ? position > edge : position >= edge, "What a message has behind a gap is sorted, without overlaps.");
            edge = state.Store.Chunks[i].End;
            isBehindGap = false;
        }
    }

    private void CheckProbabilistic(int index, in StreamState stream, ref AuditCounts counts)
    {
        counts.Probabilistic++;
        ref ProbabilisticStream own = ref state.Probabilistic[stream.Receive.Delivery];
        Invariant.Demand(own.Stream == index, "A record of a Probabilistic stream knows its stream.");
        frames.CountRuns(own.Group.Messages, ref counts.Chunks);
        int groups = 0;
        for (int i = own.Receiving.GroupHead; i >= 0; i = state.Groups[i].Next)
        {
            Invariant.Demand(state.Groups[i].Stream == index && state.Groups[i].Age.IsListed, "A group that is waited for is given up at some time.");
            frames.CountRuns(state.Groups[i].MessageRuns, ref counts.Chunks);
            frames.CountRuns(state.Groups[i].RepairRuns, ref counts.Chunks);
            groups++;
        }

        Invariant.Demand(groups == own.Receiving.GroupCount, "The groups that are waited for are counted.");
        counts.Groups += groups;
    }

    /// <summary>A set of numbers is sorted, its runs do not touch, and none lies at or below the floor.</summary>
    public void CheckRanges(in RangeSet set, ulong floor, ref AuditCounts counts)
    {
        int found = 0;
        ulong behind = floor;
        for (int i = set.Head; i >= 0; i = state.Ranges[i].Next)
        {
            ref RangeNode node = ref state.Ranges[i];
            Invariant.Demand(node.First <= node.Last && (found == 0 ? node.First >= behind : node.First > behind), "Runs of numbers are sorted and do not touch.");
            behind = node.Last + 1;
            found++;
        }

        Invariant.Demand(found == set.Count, "The runs of a set are counted.");
        counts.Ranges += found;
    }
}
