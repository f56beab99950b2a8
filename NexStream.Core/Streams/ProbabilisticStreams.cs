using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>The records of Probabilistic streams and of groups that are waited for: made, found and freed. What they mean is the mode's affair.</summary>
internal sealed class ProbabilisticStreams(EndpointState state)
{
    private const int None = Slab<InboundGroup>.None;

    /// <summary>A group that the peer can have open at a time on one stream: reordering over more than three groups costs repairs, not memory.</summary>
    private const int GroupsPerStreamMax = 4;

    /// <summary>The record of a stream that was just made; there is one, that was asked.</summary>
    public void Attach(int index)
    {
        state.Probabilistic.TryAllocate(out int record);
        ref StreamState stream = ref state.Streams[index];
        stream.Receive.Delivery = record;
        state.Probabilistic[record] = new ProbabilisticStream
        {
            Stream = index,
            Sending = new OutboundDelivery { Draws = new SplitMix64(state.Hash.Compute(state.Connections[stream.Connection].LocalTag, stream.Id)) },
            Group = new OutboundGroup { Messages = ChunkList.Empty },
            Receiving = new InboundDelivery { GroupHead = None },
            Flush = DueLink.None,
            Report = DueLink.None,
        };
    }

    /// <summary>Whether messages were sent whose repairs were not.</summary>
    public bool HasOpenGroup(in StreamState stream) =>
        stream.Mode == TransportMode.Probabilistic && state.Probabilistic[stream.Receive.Delivery].Group.Count > 0;

    /// <summary>The stream ends: nothing of it is sent, waited for or reported any more.</summary>
    public void Clear(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Mode != TransportMode.Probabilistic)
        {
            return;
        }

        Connection connection = state.Connections[stream.Connection];
        ClearSending(index);
        ClearReceiving(index);
        connection.ReportList.Remove(state.Probabilistic, stream.Receive.Delivery);
    }

    /// <summary>The group that is being sent gets no repairs any more.</summary>
    public void ClearSending(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Mode == TransportMode.Probabilistic)
        {
            ref ProbabilisticStream own = ref state.Probabilistic[stream.Receive.Delivery];
            state.Connections[stream.Connection].FlushList.Remove(state.Probabilistic, stream.Receive.Delivery);
            state.Store.Clear(ref own.Group.Messages);
            own.Group.Count = 0;
        }
    }

    /// <summary>No group of the peer's is waited for any more.</summary>
    public void ClearReceiving(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        while (stream.Mode == TransportMode.Probabilistic && state.Probabilistic[stream.Receive.Delivery].Receiving.GroupHead is var group && group >= 0)
        {
            FreeGroup(group);
        }
    }

    /// <summary>The group that begins with a message, or -1.</summary>
    public int FindGroup(in InboundDelivery receiving, ulong first)
    {
        int group = receiving.GroupHead;
        while (group >= 0 && state.Groups[group].First != first)
        {
            group = state.Groups[group].Next;
        }

        return group;
    }

    /// <summary>A record for a group; the stream's oldest makes room. False: the endpoint has none.</summary>
    public bool TryAddGroup(int index, ulong first, out int group)
    {
        ref StreamState stream = ref state.Streams[index];
        ref InboundDelivery receiving = ref state.Probabilistic[stream.Receive.Delivery].Receiving;
        if (receiving.GroupCount >= GroupsPerStreamMax)
        {
            FreeGroup(Oldest(receiving));
        }

        if (!state.Groups.TryAllocate(out group))
        {
            return false;
        }

        state.Groups[group] = new InboundGroup
        {
            First = first,
            MessageRuns = ChunkList.Empty,
            RepairRuns = ChunkList.Empty,
            Stream = index,
            Next = receiving.GroupHead,
            Age = DueLink.None,
        };
        receiving.GroupHead = group;
        receiving.GroupCount++;
        Connection connection = state.Connections[stream.Connection];
        Instant at = state.Now + connection.Config.RepairLifetime;
        connection.GroupList.Add(state.Groups, group, at);
        state.MarkDeadline(connection);
        return true;
    }

    /// <summary>Lets go of a group and of all that was kept for it.</summary>
    public void FreeGroup(int group)
    {
        ref InboundGroup record = ref state.Groups[group];
        ref StreamState stream = ref state.Streams[record.Stream];
        ref InboundDelivery receiving = ref state.Probabilistic[stream.Receive.Delivery].Receiving;
        state.Connections[stream.Connection].GroupList.Remove(state.Groups, group);
        ref int link = ref receiving.GroupHead;
        while (link != group)
        {
            link = ref state.Groups[link].Next;
        }

        link = record.Next;
        receiving.GroupCount--;
        state.Store.Clear(ref record.MessageRuns);
        state.Store.Clear(ref record.RepairRuns);
        state.Groups.Free(group);
    }

    private int Oldest(in InboundDelivery receiving)
    {
        int oldest = receiving.GroupHead;
        for (int group = oldest; group >= 0; group = state.Groups[group].Next)
        {
            oldest = state.Groups[group].First < state.Groups[oldest].First ? group : oldest;
        }

        return oldest;
    }
}
