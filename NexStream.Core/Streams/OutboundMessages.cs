using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>The records of messages on their way out: lists, deadlines and reports. What is sent when is the mode's affair.</summary>
internal sealed class OutboundMessages(EndpointState state)
{
    private const int None = Slab<OutboundMessage>.None;

    private readonly Slab<OutboundMessage> _messages = state.Messages;

    /// <summary>Appends a record to a stream's messages. False: none is free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(int streamIndex, ref StreamState stream, in SendOptions options, int length, out int index)
    {
        if (!TryPlace(streamIndex, ref stream, None, length, out index))
        {
            return false;
        }

        if (options != default)
        {
            SetOptions(index, options);
        }

        return true;
    }

    /// <summary>Puts a record before the first message that was not sent. False: none is free.</summary>
    public bool TryInsert(int streamIndex, int length, out int index)
    {
        ref StreamState stream = ref state.Streams[streamIndex];
        return TryPlace(streamIndex, ref stream, stream.Send.MessageUnsent, length, out index);
    }

    /// <summary>
    /// A message of RU is begun: it takes its number, and the whole of it is charged with its first fragment (docs/wire-format.md, credit). The caller has looked that there is
    /// credit for it. Returns the number.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Begin(Connection connection, ref StreamState stream, ref OutboundMessage message)
    {
        Invariant.Check(stream.Send.Window.Available > 0 && connection.Credit.Available >= (uint)message.Length, "A stream sends within its credit.");
        connection.Credit.Used += (uint)message.Length;
        stream.Send.Charged += (uint)message.Length;
        message.Number = stream.Send.Window.Used++;
        return message.Number;
    }

    /// <summary>The message ended: it leaves the stream, and is reported if that was asked for.</summary>
    public void Finish(int index, EventKind outcome)
    {
        ref OutboundMessage message = ref _messages[index];
        ref StreamState stream = ref state.Streams[message.Stream];
        if (stream.IsMessageMode && stream.Send.MessageUnsent == index)
        {
            stream.Send.MessageUnsent = message.Link.Next;
        }

        if (!message.IsAllSent)
        {
            state.AddBuffered(ref stream, -(int)state.Store.Clear(ref message.Piece, ref message.Unsent));
        }

        End(ref stream, index, ref message, outcome);
    }

    /// <summary>The same for a message of which all was sent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FinishSent(ref StreamState stream, int index, ref OutboundMessage message)
    {
        Invariant.Check(message.IsAllSent && stream.Send.MessageUnsent != index, "All of the message was sent.");
        End(ref stream, index, ref message, EventKind.MessageAcknowledged);
    }

    /// <summary>The same for all messages before <paramref name="next"/>, which has none of those left before it, and of which none has a deadline or is reported.</summary>
    public void FinishSent(ref StreamState stream, int next)
    {
        Slab<OutboundMessage> all = _messages;
        for (int index = stream.Send.Messages.Head; index != next;)
        {
            ref OutboundMessage message = ref all[index];
            Invariant.Check(message.IsAllSent && message.Flags == MessageFlags.None, "All of the messages were sent, and nothing names them.");
            int following = message.Link.Next;
            all.Free(index);
            index = following;
        }

        stream.Send.Messages.RemoveBetween(all, None, next);
    }

    /// <summary>The message has no deadline any more, if it had one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RemoveDeadline(int index)
    {
        if (_messages[index].Has(MessageFlags.HasDeadline))
        {
            RemoveFromHeap(index);
        }
    }

    /// <summary>Puts a message into the connection's list of those that DATA_SKIP must name.</summary>
    public void RequestSkip(int index)
    {
        ref OutboundMessage message = ref _messages[index];
        Connection connection = state.Connections[message.Connection];
        connection.Skips.Append(_messages, index);
        message.Flags |= MessageFlags.SkipQueued;
        state.MarkReady(connection);
    }

    /// <summary>Takes the first message from the list of those that DATA_SKIP must name; -1: none.</summary>
    public int TakeSkip(Connection connection)
    {
        int index = connection.Skips.Head;
        if (index >= 0)
        {
            RemoveSkip(index);
        }

        return index;
    }

    public long CountUndelivered(int streamIndex)
    {
        long count = 0;
        for (int index = state.Streams[streamIndex].Send.Messages.Head; index >= 0; index = _messages[index].Link.Next)
        {
            count += _messages[index].Has(MessageFlags.StreamDeadline) ? 0 : 1;
        }

        return count;
    }

    /// <summary>Ends all messages of a stream as lost.</summary>
    public void Clear(int streamIndex)
    {
        while (state.Streams[streamIndex].Send.Messages.Head is var index && index >= 0)
        {
            if (_messages[index].Has(MessageFlags.SkipQueued))
            {
                RemoveSkip(index);
            }

            Finish(index, EventKind.MessageLost);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void End(ref StreamState stream, int index, ref OutboundMessage message, EventKind outcome)
    {
        Slab<OutboundMessage> all = _messages;
        RemoveDeadline(index);
        stream.Send.Messages.Remove(all, message.Link);

        // From here on no packet's record names it any more, also while its report waits to be fetched: a message ends once.
        message.Generation++;
        if (message.Has(MessageFlags.Report))
        {
            Report(index, ref message, outcome);
        }
        else
        {
            all.Free(index);
        }
    }

    private void Report(int index, ref OutboundMessage message, EventKind outcome)
    {
        message.Outcome = message.Has(MessageFlags.Skipped) ? EventKind.MessageExpired : outcome;
        state.Events.Report(index);
    }

    private void SetOptions(int index, in SendOptions options)
    {
        ref OutboundMessage message = ref _messages[index];
        message.Deadline = options.EffectiveDeadline;
        message.Flags = options.Report ? MessageFlags.Report : MessageFlags.None;
        message.MaxAttempts = options.MaxAttempts;
        if (message.Deadline != Instant.Never)
        {
            Connection connection = state.Connections[message.Connection];
            DeadlineHeap.Add(_messages, ref connection.DeadlineHeap, index);
            state.MarkDeadline(connection);
        }
    }

    private void RemoveFromHeap(int index)
    {
        Connection connection = state.Connections[_messages[index].Connection];
        DeadlineHeap.Remove(_messages, ref connection.DeadlineHeap, index);
        state.MarkDeadline(connection);
    }

    /// <summary>Makes a record in front of another one, or with none as the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPlace(int streamIndex, ref StreamState stream, int next, int length, out int index)
    {
        Slab<OutboundMessage> all = _messages;
        if (!all.TryAllocate(out index))
        {
            return false;
        }

        ref OutboundMessage message = ref all[index];

        // Field by field, because a record made elsewhere and copied here would be written twice. The generation stays; the heap, the list of skips, repairs and
        // the report write their own fields when the message gets there.
        message.Id = stream.Send.End;
        message.Number = stream.Send.End;
        message.Piece = default;
        message.Unsent = ChunkList.Empty;
        message.Deadline = Instant.Never;
        message.Stream = streamIndex;
        message.StreamGeneration = stream.Generation;
        message.StreamId = stream.Id;
        message.Connection = stream.Connection;
        message.Length = length;
        message.Sent = 0;
        message.Outstanding = 0;
        message.Flags = MessageFlags.None;
        message.MaxAttempts = 0;
        message.AvoidedPaths = 0;
        if (next < 0)
        {
            stream.Send.Messages.Append(all, index, ref message.Link);
        }
        else
        {
            stream.Send.Messages.InsertBefore(all, next, index);
        }

        return true;
    }

    /// <summary>Takes a message out of the list of those that DATA_SKIP must name.</summary>
    public void RemoveSkip(int index)
    {
        ref OutboundMessage message = ref _messages[index];
        state.Connections[message.Connection].Skips.Remove(_messages, index);
        message.Flags &= ~MessageFlags.SkipQueued;
    }
}
