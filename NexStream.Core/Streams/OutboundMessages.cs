using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>The records of messages on their way out: lists, deadlines and reports. What is sent when is the mode's affair.</summary>
internal sealed class OutboundMessages(EndpointState state)
{
    private const int None = Slab<OutboundMessage>.None;

    /// <summary>Appends a record to a stream's messages. False: none is free.</summary>
    public bool TryAdd(int streamIndex, in SendOptions options, int length, out int index)
    {
        if (!TryPlace(streamIndex, None, length, out index))
        {
            return false;
        }

        ref OutboundMessage message = ref state.Messages[index];
        message.Deadline = options.EffectiveDeadline;
        message.Flags = options.Report ? MessageFlags.Report : MessageFlags.None;
        message.MaxAttempts = options.MaxAttempts;
        if (message.Deadline != Instant.Never)
        {
            Connection connection = state.Connections[message.Connection];
            DeadlineHeap.Add(state.Messages, ref connection.DeadlineHeap, index);
            state.MarkDeadline(connection);
        }

        return true;
    }

    /// <summary>Puts a record before the first message that was not sent. False: none is free.</summary>
    public bool TryInsert(int streamIndex, int length, out int index) =>
        TryPlace(streamIndex, state.Streams[streamIndex].Send.MessageUnsent, length, out index);

    /// <summary>The message ended: it leaves the stream, and is reported if that was asked for.</summary>
    public void Finish(int index, EventKind outcome)
    {
        ref OutboundMessage message = ref state.Messages[index];
        ref StreamState stream = ref state.Streams[message.Stream];
        if (message.Has(MessageFlags.HasDeadline))
        {
            RemoveDeadline(index);
        }

        if (stream.IsMessageMode && stream.Send.MessageUnsent == index)
        {
            stream.Send.MessageUnsent = message.Next;
        }

        if (message.Previous >= 0)
        {
            state.Messages[message.Previous].Next = message.Next;
        }
        else
        {
            stream.Send.MessageHead = message.Next;
        }

        if (message.Next >= 0)
        {
            state.Messages[message.Next].Previous = message.Previous;
        }
        else
        {
            stream.Send.MessageTail = message.Previous;
        }

        if (!message.Unsent.IsEmpty)
        {
            state.AddBuffered(ref stream, -(int)state.Store.Clear(ref message.Unsent));
        }

        // From here on no packet's record names it any more, also while its report waits to be fetched: a message ends once.
        message.Generation++;
        if (message.Has(MessageFlags.Report))
        {
            message.Outcome = message.Has(MessageFlags.Skipped) ? EventKind.MessageExpired : outcome;
            state.Events.Report(index);
        }
        else
        {
            state.Messages.Free(index);
        }
    }

    public void RemoveDeadline(int index)
    {
        ref OutboundMessage message = ref state.Messages[index];
        if (message.Has(MessageFlags.HasDeadline))
        {
            Connection connection = state.Connections[message.Connection];
            DeadlineHeap.Remove(state.Messages, ref connection.DeadlineHeap, index);
            state.MarkDeadline(connection);
        }
    }

    /// <summary>Puts a message into the connection's list of those that DATA_SKIP must name.</summary>
    public void RequestSkip(int index)
    {
        ref OutboundMessage message = ref state.Messages[index];
        Connection connection = state.Connections[message.Connection];
        message.SkipNext = None;
        if (connection.SkipTail >= 0)
        {
            state.Messages[connection.SkipTail].SkipNext = index;
        }
        else
        {
            connection.SkipHead = index;
        }

        connection.SkipTail = index;
        message.Flags |= MessageFlags.SkipQueued;
        state.MarkReady(connection);
    }

    /// <summary>Takes the first message from the list of those that DATA_SKIP must name; -1: none.</summary>
    public int TakeSkip(Connection connection)
    {
        int index = connection.SkipHead;
        if (index >= 0)
        {
            ref OutboundMessage message = ref state.Messages[index];
            message.Flags &= ~MessageFlags.SkipQueued;
            connection.SkipHead = message.SkipNext;
            if (connection.SkipHead < 0)
            {
                connection.SkipTail = None;
            }
        }

        return index;
    }

    public long CountUndelivered(int streamIndex)
    {
        long count = 0;
        for (int index = state.Streams[streamIndex].Send.MessageHead; index >= 0; index = state.Messages[index].Next)
        {
            count += state.Messages[index].Has(MessageFlags.StreamDeadline) ? 0 : 1;
        }

        return count;
    }

    /// <summary>Ends all messages of a stream as lost.</summary>
    public void Clear(int streamIndex)
    {
        while (state.Streams[streamIndex].Send.MessageHead is var index && index >= 0)
        {
            if (state.Messages[index].Has(MessageFlags.SkipQueued))
            {
                RemoveSkip(index);
            }

            Finish(index, EventKind.MessageLost);
        }
    }

    /// <summary>Makes a record in front of another one, or with none as the last.</summary>
    private bool TryPlace(int streamIndex, int next, int length, out int index)
    {
        if (!state.Messages.TryAllocate(out index))
        {
            return false;
        }

        ref StreamState stream = ref state.Streams[streamIndex];
        ref OutboundMessage message = ref state.Messages[index];
        uint generation = message.Generation;
        int previous = next >= 0 ? state.Messages[next].Previous : stream.Send.MessageTail;
        message = new OutboundMessage
        {
            Id = stream.Send.End,
            Number = stream.Send.End,
            Unsent = ChunkList.Empty,
            Deadline = Instant.Never,
            Stream = streamIndex,
            StreamGeneration = stream.Generation,
            StreamId = stream.Id,
            Connection = stream.Connection,
            Generation = generation,
            Length = length,
            Next = next,
            Previous = previous,
        };
        if (previous >= 0)
        {
            state.Messages[previous].Next = index;
        }
        else
        {
            stream.Send.MessageHead = index;
        }

        if (next >= 0)
        {
            state.Messages[next].Previous = index;
        }
        else
        {
            stream.Send.MessageTail = index;
        }

        return true;
    }

    /// <summary>Takes a message out of the list of those that DATA_SKIP must name.</summary>
    public void RemoveSkip(int index)
    {
        Connection connection = state.Connections[state.Messages[index].Connection];
        int previous = None;
        for (int i = connection.SkipHead; i != index; i = state.Messages[i].SkipNext)
        {
            previous = i;
        }

        int next = state.Messages[index].SkipNext;
        if (previous >= 0)
        {
            state.Messages[previous].SkipNext = next;
        }
        else
        {
            connection.SkipHead = next;
        }

        if (next < 0)
        {
            connection.SkipTail = previous;
        }

        state.Messages[index].Flags &= ~MessageFlags.SkipQueued;
    }
}
