using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;

namespace NexStream.Core.Audit;

/// <summary>Whether a connection's lists, sums and flags agree.</summary>
internal sealed class ConnectionAudit(EndpointState state, FrameAudit frames, StreamAudit streams)
{
    /// <summary>Checks one connection and counts the records that it has.</summary>
    public void Check(Connection connection, ref AuditCounts counts)
    {
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            CheckPath(connection.Paths[i], ref counts);
        }

        streams.CheckRanges(connection.PeerPending, 0, ref counts);
        frames.Count(connection.Memory.Sending.Frame);
        frames.Count(connection.Memory.Received.Frame);
        CheckStreams(connection, ref counts);
        Invariant.Demand(connection.Credit.Used <= connection.Credit.Limit, "A connection sends within its credit.");
        Invariant.Demand(connection.Received <= connection.Window.Limit, "A connection takes no more than the credit that it gave.");
        Invariant.Demand(connection.Window.Consumed <= connection.Received, "What was read of a connection had been received.");
        CheckSkips(connection);
        if (connection.State == ConnectionState.Closed)
        {
            Invariant.Demand(connection.Path.InFlight.Count + connection.Path.RecentlyLost.Count == 0, "A connection that ended has nothing in flight.");
            Invariant.Demand(connection.SendBuffered == 0 && connection.ReadyBytes == 0, "A connection that ended holds no bytes.");
        }
    }

    private void CheckStreams(Connection connection, ref AuditCounts counts)
    {
        int scheduled = 0;
        int blocked = 0;
        int controlled = 0;
        long buffered = 0;
        long ready = 0;
        for (int i = connection.Streams.Head; i >= 0; i = state.Streams[i].SiblingLink.Next)
        {
            ref StreamState stream = ref state.Streams[i];
            streams.Check(connection, i, ref counts);
            scheduled += stream.Has(StreamFlags.Scheduled) ? 1 : 0;
            blocked += stream.Has(StreamFlags.CreditBlocked) ? 1 : 0;
            controlled += stream.Has(StreamFlags.InControlList) ? 1 : 0;
            buffered += stream.Send.Buffered;
            ready += ReadyBytes(stream);
        }

        Invariant.Demand(connection.Streams.Audit(state.Streams) == connection.StreamCount, "The streams of a connection are counted.");
        Invariant.Demand(buffered == connection.SendBuffered, "What a connection holds for sending is what its streams hold.");
        Invariant.Demand(ready == connection.ReadyBytes, "What a connection has to be read is what its streams have.");
        connection.Scheduler.Audit(state.Streams, out int inRotation, out int waiting);
        Invariant.Demand(inRotation == scheduled && waiting == blocked, "Streams are in the rotation whose flag says so.");
        int listed = 0;
        for (int i = connection.ControlList.Head; i >= 0; i = state.Streams[i].ControlNext)
        {
            Invariant.Demand(state.Streams[i].Has(StreamFlags.InControlList) && state.Streams[i].Connection == connection.Index, "A stream with control frames is in its connection's list.");
            listed++;
        }

        Invariant.Demand(listed == controlled, "Streams are in the list of those with control frames whose flag says so.");
    }

    private long ReadyBytes(in StreamState stream)
    {
        long bytes = 0;
        if (stream.IsMessageMode)
        {
            for (int i = stream.Receive.Ready.Head; i >= 0; i = state.Inbound[i].Next)
            {
                bytes += state.Inbound[i].Length;
            }
        }
        else
        {
            for (int i = stream.Receive.Ready.Head; i >= 0; i = state.Store.Chunks[i].Next)
            {
                bytes += state.Store.Chunks[i].Slice.Length;
            }
        }

        return bytes;
    }

    private void CheckPath(Path path, ref AuditCounts counts)
    {
        long bytes = 0;
        int eliciting = 0;
        int found = 0;
        int last = Slab<SentPacket>.None;
        for (int i = path.InFlight.Head; i >= 0; i = state.Packets[i].Link.Next)
        {
            ref SentPacket packet = ref state.Packets[i];
            Invariant.Demand(last < 0 || state.Packets[last].Last < packet.Number, "Packets in flight are in the order of their numbers.");
            Invariant.Demand(
                packet.Packets == 1 || (packet.Packets > 1 && packet.Message < 0 && packet.Control < 0 && (packet.Flags & SentPacketFlags.Requeued) == 0),
                "Packets share a record only where none has another of its own, and nothing became of them yet.");
            bytes += (long)packet.Packets * packet.Size;
            counts.SegmentsReserved += packet.Length > 0 && (packet.Flags & SentPacketFlags.Requeued) == 0 ? packet.Packets : 0;
            counts.SegmentsReserved += packet.Segment >= 0 ? packet.Packets - 1 : 0;
            counts.SegmentsCarried += IsAwaited(path, packet) ? 1 : 0;
            Invariant.Demand(IsShared(path, packet), "Packets that share a segment carry equal parts of it.");
            eliciting += (packet.Flags & SentPacketFlags.AckEliciting) != 0 ? packet.Packets : 0;
            for (int control = packet.Control; control >= 0; control = state.Controls[control].Next)
            {
                counts.Controls++;
            }

            last = i;
            found += packet.Packets;
            counts.PacketsInRuns += packet.Packets - 1;
        }

        Invariant.Demand(last < 0 || state.Packets[last].Last < path.NextPacketNumber, "No packet in flight has a number that is still to be given.");
        counts.Packets += path.InFlight.Audit(state.Packets);
        Invariant.Demand(found == path.InFlight.Count, "The packets in flight are counted.");
        Invariant.Demand(bytes == path.BytesInFlight, "The bytes in flight are those of the packets in flight.");
        Invariant.Demand(eliciting == path.AckElicitingInFlight, "The packets that wait for an acknowledgement are counted.");
        for (int i = path.RecentlyLost.Head; i >= 0; i = state.Packets[i].Link.Next)
        {
            Invariant.Demand(state.Packets[i].Control < 0, "What a lost packet said is to be said again, and belongs to it no more.");
            Invariant.Demand(state.Packets[i].Packets == 1, "Packets are declared lost one by one.");
        }

        found = path.RecentlyLost.Audit(state.Packets);
        Invariant.Demand(found == path.RecentlyLost.Count, "The packets declared lost are counted.");
        counts.Packets += found;
    }

    private bool IsAwaited(Path path, in SentPacket packet) => packet.Segment >= 0 && state.Segments[packet.Segment] is { } segment
        && segment.Generation == packet.SegmentGeneration && !segment.IsLost && segment.Packet == packet.Number && segment.Path == path.Id;

    private bool IsShared(Path path, in SentPacket packet) => packet.Packets == 1 || packet.Segment < 0
        || state.Segments[packet.Segment] is { } segment && (segment.Generation != packet.SegmentGeneration
            || (segment.SliceCount == 1 && !segment.IsLost && segment.Packet == packet.Number && segment.Path == path.Id && segment.Length % packet.Packets == 0));

    private void CheckSkips(Connection connection)
    {
        for (int i = connection.Skips.Head; i >= 0; i = state.Messages[i].SkipLink.Next)
        {
            Invariant.Demand(state.Messages[i].Has(MessageFlags.SkipQueued) && state.Messages[i].Has(MessageFlags.Skipped), "A message that DATA_SKIP has to name was given up.");
            Invariant.Demand(state.Messages[i].Connection == connection.Index, "A message is skipped on its own connection.");
        }

        connection.Skips.Audit(state.Messages);
        int root = connection.DeadlineHeap;
        if (root >= 0)
        {
            CheckDeadlines(connection, root);
        }
    }

    /// <summary>The root of the heap is the earliest of all deadlines that the connection's messages have.</summary>
    private void CheckDeadlines(Connection connection, int root)
    {
        Invariant.Demand(state.Messages[root].Has(MessageFlags.HasDeadline), "The heap of deadlines holds messages that have one.");
        for (int stream = connection.Streams.Head; stream >= 0; stream = state.Streams[stream].SiblingLink.Next)
        {
            for (int i = state.Streams[stream].Send.Messages.Head; i >= 0; i = state.Messages[i].Link.Next)
            {
                Invariant.Demand(
                    !state.Messages[i].Has(MessageFlags.HasDeadline) || state.Messages[i].Deadline >= state.Messages[root].Deadline,
                    "The deadline that is announced is the earliest.");
            }
        }
    }
}
