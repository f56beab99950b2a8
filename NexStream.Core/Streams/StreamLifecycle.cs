using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>How streams and their halves end, and how a stream asks to be served: the one place where their states change.</summary>
internal sealed class StreamLifecycle(
    EndpointState state, StreamTable table, SegmentStore segments, OrderedSendBuffer sendBuffer, OutboundMessages messages, InboundMessages inbound, ProbabilisticStreams probabilistic)
{
    /// <summary>The stream may have data to send.</summary>
    public void Schedule(int index) => Schedule(ConnectionOf(index), index, ref state.Streams[index]);

    /// <summary>The same, where connection and stream are at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Schedule(Connection connection, int index, ref StreamState stream)
    {
        if (!stream.Has(StreamFlags.Scheduled))
        {
            connection.Scheduler.Add(state.Streams, index);
        }

        state.MarkReady(connection);
    }

    /// <summary>The stream has control frames to send.</summary>
    public void Request(int index, StreamControl control)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.Dead))
        {
            return;
        }

        stream.Control |= control;
        Connection connection = state.Connections[stream.Connection];
        connection.ControlList.Append(state.Streams, index);
        state.MarkReady(connection);
    }

    /// <summary>The application sends no more; what is queued still goes, and FIN with it.</summary>
    public bool TryFinish(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (!stream.SendState.TryFinish())
        {
            return false;
        }

        stream.Set(StreamFlags.FinQueued);
        RequestCloseIfDrained(index);
        return true;
    }

    /// <summary>When nothing unsent is left that could carry FIN, STREAM_CLOSE does.</summary>
    public void RequestCloseIfDrained(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.FinQueued) && !stream.Has(StreamFlags.FinSent) && !stream.HasUnsent && !probabilistic.HasOpenGroup(stream))
        {
            stream.Set(StreamFlags.FinSent);
            Request(index, StreamControl.Close);
        }
    }

    /// <summary>The sending half is given up: by the application, by the peer (STREAM_RESET, direction 1), or because it failed.</summary>
    public bool TryResetSending(int index, ReasonCode reason, bool tellApplication)
    {
        ref StreamState stream = ref state.Streams[index];
        if (!stream.SendState.TryReset())
        {
            return false;
        }

        stream.SendReason = reason;
        DiscardSending(index);
        Request(index, StreamControl.Reset);
        if (tellApplication)
        {
            state.Events.Raise(index, StreamEvents.Stopped);
        }

        return true;
    }

    /// <summary>Data, FIN or a reset was acknowledged: the sending half ends when nothing is on its way any more.</summary>
    public void CheckSendingEnded(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.FinAcknowledged) && stream.IsDelivered && stream.Send.Messages.Head < 0 && stream.SendState.TryAcknowledgeAll())
        {
            stream.Control &= ~StreamControl.Close;
            TryRetire(index);
        }
    }

    public void OnResetAcknowledged(int index)
    {
        if (state.Streams[index].SendState.TryAcknowledgeReset())
        {
            TryRetire(index);
        }
    }

    /// <summary>The application reads no more: what is there is thrown away, and the peer is asked to stop.</summary>
    public void StopReceiving(int index, ReasonCode reason)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.Discarding) || stream.ReceiveState == ReceiveState.Ended)
        {
            return;
        }

        stream.Set(StreamFlags.Discarding);
        stream.ReceiveReason = reason;
        DiscardReceived(index);
        if (stream.ReceiveState == ReceiveState.Open)
        {
            Request(index, StreamControl.StopSending);
        }

        CheckReceivingEnded(index);
    }

    /// <summary>Something arrived or was read: the receiving half ends when everything has arrived and was read.</summary>
    public void CheckReceivingEnded(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        bool complete = stream.Has(StreamFlags.FinalSizeKnown) && (!stream.IsReliable || stream.Receive.Next == stream.Receive.FinalSize);
        if (complete && stream.ReceiveState.TryComplete() && !stream.Has(StreamFlags.Discarding))
        {
            // The end of the stream is something to read.
            state.Events.Raise(index, StreamEvents.Readable);
        }

        if (stream.Has(StreamFlags.Discarding) && stream.ReceiveState.TryReadAll())
        {
            TryRetire(index);
        }
    }

    /// <summary>The answer to a read that finds nothing: perhaps that is the end of the stream, and the application now knows it.</summary>
    public ReceiveResult ReadEnd(int index)
    {
        if (state.Streams[index].ReceiveState != ReceiveState.DataReceived)
        {
            return new ReceiveResult { Status = CallStatus.WouldBlock };
        }

        if (state.Streams[index].ReceiveState.TryReadAll())
        {
            TryRetire(index);
        }

        return new ReceiveResult { Status = CallStatus.EndOfStream };
    }

    /// <summary>The peer gave up its sending half: what was not read is gone, as RFC 9000 §3.2 allows.</summary>
    public void OnPeerReset(int index, ReasonCode reason)
    {
        ref StreamState stream = ref state.Streams[index];
        if (!stream.ReceiveState.TryReset())
        {
            return;
        }

        stream.ReceiveReason = reason;
        DiscardReceived(index);
        if (!stream.Has(StreamFlags.Discarding))
        {
            state.Events.Raise(index, StreamEvents.Reset);
        }

        stream.Control &= ~(StreamControl.StopSending | StreamControl.Window | StreamControl.Gaps);
        stream.ReceiveState.TryTell();
        TryRetire(index);
    }

    /// <summary>The record is freed as soon as the stream is dead and no list holds it.</summary>
    public void Reap(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.Dead) && !stream.Has(StreamFlags.InControlList) && !stream.Has(StreamFlags.InEventList))
        {
            table.Free(index);
        }
    }

    /// <summary>The connection ends: all its streams end at once. What was not delivered, and what was not read, is added up in its record.</summary>
    public void KillAll(Connection connection)
    {
        for (int index = connection.Streams.Head; index >= 0;)
        {
            ref StreamState stream = ref state.Streams[index];
            int next = stream.SiblingLink.Next;
            if (!stream.Has(StreamFlags.Dead))
            {
                if (stream.IsReliable)
                {
                    connection.UndeliveredBytes += stream.Send.Buffered;
                    connection.UndeliveredMessages += messages.CountUndelivered(index);
                }

                connection.UnreadBytes += stream.Receive.Buffered;
                DiscardSending(index);
                DiscardReceived(index);
                probabilistic.Clear(index);
                stream.Receive.Arrived.Clear(state.Ranges);
                stream.Set(StreamFlags.Dead);
            }

            stream.Clear(StreamFlags.InControlList | StreamFlags.Scheduled | StreamFlags.CreditBlocked);
            stream.Events = StreamEvents.None;
            Reap(index);
            index = next;
        }

        connection.ControlList = StreamList.Empty;
        connection.Scheduler.Reset(connection.Config.Scheduling);
    }

    private Connection ConnectionOf(int index) => state.Connections[state.Streams[index].Connection];

    private void DiscardSending(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        Connection connection = state.Connections[stream.Connection];
        connection.Scheduler.Remove(state.Streams, index);
        messages.Clear(index);
        probabilistic.ClearSending(index);
        if (stream.IsMessageMode)
        {
            segments.Clear(index);
        }
        else
        {
            sendBuffer.Clear(connection, ref stream.Send);
        }

        stream.Control &= ~(StreamControl.Close | StreamControl.Open);
        if (!stream.Has(StreamFlags.OpenKnown))
        {
            stream.Control |= StreamControl.Open;
        }
    }

    private void DiscardReceived(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        Connection connection = state.Connections[stream.Connection];
        ulong unread;
        if (stream.Mode == TransportMode.ReliableOrdered)
        {
            // Everything up to the highest byte was charged; what the application will not take counts as taken.
            unread = stream.Receive.Highest - stream.Receive.Window.Consumed;
            stream.Receive.Window.Consumed = stream.Receive.Highest;
            connection.ReadyBytes -= state.Store.Clear(ref stream.Receive.Ready);
            state.Store.Clear(ref stream.Receive.OutOfOrder);
            stream.Receive.PendingCount = 0;
        }
        else
        {
            probabilistic.ClearReceiving(index);
            unread = inbound.Clear(connection, index);
        }

        stream.Receive.Buffered = 0;
        connection.Window.Consumed += unread;
        if (connection.Window.IsUpdateDue)
        {
            connection.Control |= ConnectionControl.Window;
            state.MarkReady(connection);
        }
    }

    private void TryRetire(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.SendState != SendState.Ended || stream.ReceiveState != ReceiveState.Ended || stream.Has(StreamFlags.Dead))
        {
            return;
        }

        Invariant.Check(stream.Send.InFlight.IsEmpty && stream.Send.Lost.IsEmpty && stream.Send.Buffered == 0, "A stream ends when nothing of it is under way.");
        Connection connection = state.Connections[stream.Connection];
        connection.Scheduler.Remove(state.Streams, index);
        probabilistic.Clear(index);
        stream.Receive.Arrived.Clear(state.Ranges);
        stream.Set(StreamFlags.Dead);
        state.Events.Raise(index, StreamEvents.Closed);
    }
}
