using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>The receiving side of Reliable-Ordered: puts bytes in order and gives them out once (NS-RO-001).</summary>
internal sealed class ReliableOrderedReceiver(EndpointState state, StreamLifecycle lifecycle, PayloadKeeper keeper, Reassembler reassembler)
{
    private readonly PayloadStore _store = state.Store;

    public ReceiveOutcome OnData(Connection connection, int index, ref StreamState stream, in DataFrame frame, in InboundPayload payload)
    {
        ref ReceiveHalf receive = ref stream.Receive;
        ulong end = frame.Position + (uint)payload.Length;
        ReasonCode violation = Check(connection, stream, frame, end);
        if (violation != ReasonCode.None)
        {
            return ReceiveOutcome.Violated(violation);
        }

        if (stream.ReceiveState != ReceiveState.Open)
        {
            return ReceiveOutcome.Accepted;
        }

        if (frame.Fin)
        {
            receive.FinalSize = end;
            stream.Set(StreamFlags.FinalSizeKnown);
        }

        if (end > receive.Highest)
        {
            connection.Received += end - receive.Highest;
            receive.Highest = end;
        }

        if (stream.Has(StreamFlags.Discarding))
        {
            Discard(connection, index);
            return ReceiveOutcome.Accepted;
        }

        bool kept = end <= receive.Next || (frame.Position <= receive.Next
            ? TryAppend(connection, index, ref receive, frame.Position, payload)
            : TryKeepForLater(connection, index, frame.Position, payload));
        if (stream.Has(StreamFlags.FinalSizeKnown))
        {
            lifecycle.CheckReceivingEnded(index);
        }

        return kept ? ReceiveOutcome.Accepted : ReceiveOutcome.Dropped;
    }

    /// <summary>STREAM_CLOSE or STREAM_RESET tell the final size.</summary>
    public ReasonCode CheckFinalSize(Connection connection, int index, ulong finalSize)
    {
        ref StreamState stream = ref state.Streams[index];
        if (finalSize < stream.Receive.Highest || (stream.Has(StreamFlags.FinalSizeKnown) && finalSize != stream.Receive.FinalSize))
        {
            return ReasonCode.FinalSizeViolation;
        }

        return finalSize > stream.Receive.Window.Limit || connection.Received + (finalSize - stream.Receive.Highest) > connection.Window.Limit
            ? ReasonCode.FlowControlViolation
            : ReasonCode.None;
    }

    /// <summary>Copies out what there is and fits. There is something.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(Connection connection, int index, ref StreamState stream, Span<byte> destination)
    {
        int read = _store.Read(ref stream.Receive.Ready, destination);
        OnTaken(connection, index, ref stream, read);
        return read;
    }

    /// <summary>The application has taken bytes from the front of the stream: their credit goes back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnTaken(Connection connection, int index, ref StreamState stream, int read)
    {
        ref ReceiveHalf receive = ref stream.Receive;
        receive.Buffered -= read;
        connection.ReadyBytes -= read;
        receive.Window.Consumed += (uint)read;
        connection.Window.Consumed += (uint)read;
        if (receive.Window.IsUpdateDue && stream.ReceiveState == ReceiveState.Open && !stream.Has(StreamFlags.FinalSizeKnown))
        {
            lifecycle.Request(index, StreamControl.Window);
        }

        RequestConnectionWindow(connection);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReasonCode Check(Connection connection, in StreamState stream, in DataFrame frame, ulong end)
    {
        ref readonly ReceiveHalf receive = ref stream.Receive;
        if (stream.Has(StreamFlags.FinalSizeKnown) && (end > receive.FinalSize || (frame.Fin && end != receive.FinalSize)))
        {
            return ReasonCode.FinalSizeViolation;
        }

        if (frame.Fin && end < receive.Highest)
        {
            return ReasonCode.FinalSizeViolation;
        }

        bool isAboveStream = end > receive.Window.Limit;
        bool isAboveConnection = end > receive.Highest && connection.Received + (end - receive.Highest) > connection.Window.Limit;
        return isAboveStream || isAboveConnection ? ReasonCode.FlowControlViolation : ReasonCode.None;
    }

    /// <summary>
    /// Takes in what continues the stream, around what arrived early: bytes that are there are never replaced by a later copy (RFC 9000 §2.2).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryAppend(Connection connection, int index, ref ReceiveHalf receive, ulong position, in InboundPayload payload)
    {
        ulong end = position + (uint)payload.Length;
        ulong before = receive.Next;
        bool complete = true;
        while (complete && receive.Next < end)
        {
            bool isAhead = receive.OutOfOrder.Head >= 0;
            ulong limit = isAhead ? Math.Min(end, _store.Chunks[receive.OutOfOrder.Head].Position) : end;
            int length = (int)(limit - receive.Next);
            int taken = keeper.Append(connection.Memory, ref receive.Ready, payload, (int)(receive.Next - position), length, receive.Next);
            Advance(connection, ref receive, taken);
            complete = taken == length;
            if (isAhead)
            {
                LinkWaiting(connection, ref receive);
            }
        }

        if (receive.Next > before)
        {
            state.Events.Raise(index, StreamEvents.Readable);
        }

        return complete;
    }

    private void LinkWaiting(Connection connection, ref ReceiveHalf receive)
    {
        while (reassembler.TryTake(ref receive.OutOfOrder, receive.Next, out Chunk chunk))
        {
            receive.PendingCount--;
            receive.Buffered -= chunk.Slice.Length;
            LinkReady(connection, ref receive, chunk);
        }
    }

    /// <summary>A run that waited is in order now, as far as newer data did not bring the same bytes already.</summary>
    private void LinkReady(Connection connection, ref ReceiveHalf receive, in Chunk chunk)
    {
        int skip = (int)Math.Min(receive.Next - chunk.Position, (uint)chunk.Slice.Length);
        PayloadSlice slice = chunk.Slice.SkipFirst(skip);

        // The record that the run had just gave back is free, so that this cannot fail.
        if (slice.Length == 0 || !_store.TryLink(ref receive.Ready, slice, receive.Next))
        {
            state.Frames.Release(chunk.Slice.Frame);
            return;
        }

        Advance(connection, ref receive, slice.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Advance(Connection connection, ref ReceiveHalf receive, int bytes)
    {
        Invariant.Check(receive.OutOfOrder.Head < 0 || receive.Next + (uint)bytes <= receive.Highest, "No byte is in order that was not charged.");
        receive.Next += (uint)bytes;
        receive.Buffered += bytes;
        connection.ReadyBytes += bytes;
    }

    private bool TryKeepForLater(Connection connection, int index, ulong position, in InboundPayload payload)
    {
        if (!state.MayTakeAhead(connection))
        {
            return false;
        }

        ref ReceiveHalf receive = ref state.Streams[index].Receive;
        ulong edge = receive.OutOfOrder.Tail >= 0 ? _store.Chunks[receive.OutOfOrder.Tail].End : receive.Next;
        bool kept = reassembler.TryInsert(
            connection.Memory, ref receive.OutOfOrder, ref receive.PendingCount, receive.Buffered, position, payload, 0, out int inserted);
        receive.Buffered += inserted;
        if (kept && position > edge)
        {
            lifecycle.Request(index, StreamControl.Gaps);
        }

        return kept;
    }

    private void Discard(Connection connection, int index)
    {
        ref ReceiveHalf receive = ref state.Streams[index].Receive;
        bool isSizeKnown = state.Streams[index].Has(StreamFlags.FinalSizeKnown);
        if (isSizeKnown)
        {
            // Nobody waits for what is missing: its size is all that still matters.
            receive.Next = receive.FinalSize;
            connection.Received += receive.FinalSize - receive.Highest;
            receive.Highest = receive.FinalSize;
        }

        connection.Window.Consumed += receive.Highest - receive.Window.Consumed;
        receive.Window.Consumed = receive.Highest;
        RequestConnectionWindow(connection);
        if (isSizeKnown)
        {
            lifecycle.CheckReceivingEnded(index);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RequestConnectionWindow(Connection connection)
    {
        if (connection.Window.IsUpdateDue)
        {
            connection.Control |= ConnectionControl.Window;
            state.MarkReady(connection);
        }
    }
}
