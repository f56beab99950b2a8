using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>
/// The sending side of the message modes. Reliable-Unordered messages are cut into fragments and sent until they are acknowledged;
/// Best-Effort and Probabilistic messages fit one packet and are sent once (NS-RU-*, NS-BE-*, NS-PR-004).
/// </summary>
internal sealed class MessageSender(
    EndpointState state, SegmentStore segments, StreamLifecycle lifecycle, OutboundMessages messages, SegmentWriter writer,
    ProbabilisticSender probabilistic)
{
    public SendResult Send(int index, ReadOnlySpan<byte> data, in SendOptions options)
    {
        ref StreamState stream = ref state.Streams[index];
        Connection connection = state.Connections[stream.Connection];
        CallStatus status = Admit(connection, index, data.Length);
        if (status != CallStatus.Ok)
        {
            return status == CallStatus.WouldBlock ? WouldBlock(index) : new SendResult(status);
        }

        if (!messages.TryAdd(index, options, data.Length, out int messageIndex))
        {
            return WouldBlock(index);
        }

        ref OutboundMessage message = ref state.Messages[messageIndex];
        int taken = state.Store.Append(ref message.Unsent, data, 0, connection.Index, ref connection.Memory.Sending, state.SendFramesMax(connection, stream));
        state.AddBuffered(ref stream, taken);
        if (taken < data.Length)
        {
            message.Flags &= ~MessageFlags.Report;
            messages.Finish(messageIndex, EventKind.MessageLost);
            return WouldBlock(index);
        }

        return Queue(index, messageIndex);
    }

    /// <summary>Whether the stream takes a message of this length now; of those that are sent once, the oldest make room.</summary>
    public CallStatus Admit(Connection connection, int index, long length)
    {
        ref StreamState stream = ref state.Streams[index];
        if (length == 0)
        {
            return CallStatus.MessageEmpty;
        }

        if (length > LengthMax(connection, stream))
        {
            return CallStatus.MessageTooLong;
        }

        if (stream.IsReliable)
        {
            return stream.Send.Buffered > 0 && stream.Send.Buffered + length > connection.Config.SendBuffer ? CallStatus.WouldBlock : CallStatus.Ok;
        }

        // Fire and forget never waits: the oldest that was not sent makes room (NS-BE-002).
        while (stream.Send.Buffered + length > connection.Config.DatagramBuffer && stream.Send.MessageUnsent >= 0)
        {
            DropUnsent(index, EventKind.MessageExpired);
        }

        return CallStatus.Ok;
    }

    /// <summary>A message whose record has all of its bytes goes behind the stream's others.</summary>
    public SendResult Queue(int index, int messageIndex)
    {
        ref StreamState stream = ref state.Streams[index];
        stream.Send.End++;
        if (stream.Send.MessageUnsent < 0)
        {
            stream.Send.MessageUnsent = messageIndex;
        }

        lifecycle.Schedule(index);
        return new SendResult(CallStatus.Ok, state.Messages[messageIndex].Length, state.Messages[messageIndex].Id);
    }

    /// <summary>Writes what was lost, else the next fragment or message that credit allows.</summary>
    public DataResult TryWrite(Connection connection, int index, ref StreamState stream, ref PacketBuilder builder)
    {
        int room = SegmentWriter.PayloadRoom(index, stream, builder, stream.Mode);
        while (!stream.Send.Lost.IsEmpty)
        {
            int lost = stream.Send.Lost.Head;
            if (!state.Messages[state.Segments[lost].Message].Has(MessageFlags.Skipped))
            {
                return writer.WriteLost(index, ref stream, room, ref builder);
            }

            FreeFragment(lost);
        }

        return stream.Send.MessageUnsent < 0 ? DataResult.Nothing
            : stream.IsReliable ? TryWriteFragment(connection, index, ref stream, room, ref builder)
            : TryWriteDatagram(connection, index, room, ref builder);
    }

    /// <summary>A message's deadline passed, or the limit on its attempts was reached.</summary>
    public void GiveUp(int messageIndex)
    {
        ref OutboundMessage message = ref state.Messages[messageIndex];
        int index = message.Stream;
        ref StreamState stream = ref state.Streams[index];
        messages.RemoveDeadline(messageIndex);
        stream.Send.Expired++;
        message.Flags |= MessageFlags.Skipped;
        state.AddBuffered(ref stream, -(int)state.Store.Clear(ref message.Unsent));
        if (!stream.IsReliable || message.Sent == 0)
        {
            // The peer knows nothing of it: a reliable message gets its number when it is first sent.
            messages.Finish(messageIndex, EventKind.MessageExpired);
        }
        else
        {
            // No gap may wait for it (RFC 3758): the peer is told until it acknowledges that.
            if (stream.Send.MessageUnsent == messageIndex)
            {
                stream.Send.MessageUnsent = message.Next;
            }

            messages.RequestSkip(messageIndex);
            if (stream.Has(StreamFlags.FinSent) && !stream.Has(StreamFlags.FinAcknowledged))
            {
                // What carried FIN may be what was given up, and is not sent again.
                lifecycle.Request(index, StreamControl.Close);
            }
        }

        lifecycle.RequestCloseIfDrained(index);
        lifecycle.CheckSendingEnded(index);
        OnRoom(index);
    }

    /// <summary>A fragment was acknowledged, or is of no use any more: it goes, and its message with it when it was the last.</summary>
    public void FreeFragment(int segmentIndex)
    {
        ref Segment segment = ref state.Segments[segmentIndex];
        int messageIndex = segment.Message;
        int index = segment.Stream;
        segments.Free(segmentIndex);
        ref OutboundMessage message = ref state.Messages[messageIndex];
        message.Outstanding--;
        if (message.Has(MessageFlags.Skipped))
        {
            // Nobody else says so: what was given up is not acknowledged.
            OnRoom(index);
        }
        else if (message.Outstanding == 0 && message.Sent == message.Length)
        {
            messages.Finish(messageIndex, EventKind.MessageAcknowledged);
        }
    }

    /// <summary>DATA_SKIP was acknowledged: the peer waits for the message no more.</summary>
    public void OnSkipAcknowledged(int messageIndex)
    {
        ref OutboundMessage message = ref state.Messages[messageIndex];
        int index = message.Stream;
        if (message.Outstanding > 0)
        {
            FreeFragments(index, messageIndex, state.Streams[index].Send.InFlight);
            FreeFragments(index, messageIndex, state.Streams[index].Send.Lost);
        }

        if (message.Has(MessageFlags.SkipQueued))
        {
            // A probe asked for it again before the acknowledgement came: a record that is given back must be in no list.
            messages.RemoveSkip(messageIndex);
        }

        messages.Finish(messageIndex, EventKind.MessageExpired);
        OnRoom(index);
        lifecycle.CheckSendingEnded(index);
    }

    /// <summary>There is room to send again: tell the application that was refused.</summary>
    public void OnRoom(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.WantsWritable) && stream.SendState == SendState.Open)
        {
            stream.Clear(StreamFlags.WantsWritable);
            state.Events.Raise(index, StreamEvents.Writable);
        }
    }

    private DataResult TryWriteFragment(Connection connection, int index, ref StreamState stream, int room, ref PacketBuilder builder)
    {
        int messageIndex = stream.Send.MessageUnsent;
        ref OutboundMessage message = ref state.Messages[messageIndex];
        if (message.Sent == 0)
        {
            if (stream.Send.Window.Available == 0)
            {
                return DataResult.Nothing;
            }

            // The whole message is charged with its first fragment (docs/wire-format.md, credit).
            if (connection.Credit.Available < (ulong)message.Length)
            {
                return DataResult.CreditBlocked;
            }
        }

        int rest = message.Length - message.Sent;
        if (room <= 0 || (room < Math.Min(rest, state.Store.Frames.FrameSize) && !builder.IsEmpty))
        {
            return DataResult.NoRoom;
        }

        int segment = segments.Cut(index, ref stream, messageIndex, ref message.Unsent, (uint)message.Sent, Math.Min(rest, room));
        if (segment < 0)
        {
            return DataResult.NoMemory;
        }

        if (message.Sent == 0)
        {
            connection.Credit.Used += (uint)message.Length;
            stream.Send.Charged += (uint)message.Length;
            message.Number = stream.Send.Window.Used++;
            Invariant.Check(stream.Send.Window.Used <= stream.Send.Window.Limit, "A stream sends within its credit.");
        }

        ref Segment cut = ref state.Segments[segment];
        message.Sent += cut.Length;
        message.Outstanding++;
        bool isLast = message.Next < 0 && stream.Has(StreamFlags.FinQueued);
        cut.HasFin = isLast;
        if (message.Sent == message.Length)
        {
            stream.Send.MessageUnsent = message.Next;
            if (isLast)
            {
                stream.Set(StreamFlags.FinSent);
            }
        }

        writer.Write(index, stream, segment, ref builder);
        return DataResult.Written;
    }

    private DataResult TryWriteDatagram(Connection connection, int index, int room, ref PacketBuilder builder)
    {
        ref StreamState stream = ref state.Streams[index];
        while (stream.Send.MessageUnsent is var messageIndex && messageIndex >= 0)
        {
            ref OutboundMessage message = ref state.Messages[messageIndex];
            if (message.Length > room && !builder.IsEmpty)
            {
                return DataResult.NoRoom;
            }

            if (message.Length > room)
            {
                // The frame became smaller than when the message was taken: it can never be sent.
                DropUnsent(index, EventKind.MessageLost);
            }
            else if (stream.Mode == TransportMode.Probabilistic && !message.Has(MessageFlags.Repair) && probabilistic.IsThinned(stream))
            {
                EndUnsent(index, EventKind.MessageExpired);
            }
            else if (TryTakeSlices(index, ref message, ref builder))
            {
                WriteDatagram(connection, index, messageIndex, ref builder);
                return DataResult.Written;
            }
            else
            {
                DropUnsent(index, EventKind.MessageLost);
            }
        }

        return DataResult.Nothing;
    }

    /// <summary>Moves a message's payload to the link, which takes over the references: nothing is kept, because nothing is sent again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTakeSlices(int index, ref OutboundMessage message, ref PacketBuilder builder)
    {
        int moved = state.Store.Cut(ref message.Unsent, message.Length, builder.Transmission.SliceStorage, out int slices);
        if (moved == message.Length)
        {
            builder.Transmission.SliceCount = slices;
            builder.PayloadLength = moved;
            return true;
        }

        // More slices than a packet has: they were moved out, so the message is gone.
        ReleaseSlices(builder.Transmission.SliceStorage[..slices]);
        state.AddBuffered(ref state.Streams[index], -moved);
        message.Length -= moved;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteDatagram(Connection connection, int index, int messageIndex, ref PacketBuilder builder)
    {
        ref StreamState stream = ref state.Streams[index];
        ref OutboundMessage message = ref state.Messages[messageIndex];
        state.AddBuffered(ref stream, -message.Length);
        message.Sent = message.Length;
        stream.Send.MessageUnsent = message.Next;
        if (message.Has(MessageFlags.Repair))
        {
            writer.WriteRepair(index, stream, message, ref builder);
        }
        else
        {
            WriteMessage(connection, index, ref message, ref builder);
        }

        if (message.Has(MessageFlags.Report))
        {
            message.Outstanding = 1;
            builder.Message = messageIndex;
        }
        else
        {
            messages.Finish(messageIndex, EventKind.MessageAcknowledged);
        }

        if (stream.Mode == TransportMode.Probabilistic)
        {
            probabilistic.CloseIfFull(connection, index, builder.Transmission.SliceCount);
        }

        lifecycle.RequestCloseIfDrained(index);
        lifecycle.CheckSendingEnded(index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteMessage(Connection connection, int index, ref OutboundMessage message, ref PacketBuilder builder)
    {
        ref StreamState stream = ref state.Streams[index];
        var frame = new DataFrame { Mode = stream.Mode, StreamId = stream.Id, Position = message.Number, HasSequence = stream.Has(StreamFlags.SequenceNumbers) };
        if (stream.Mode == TransportMode.Probabilistic)
        {
            // Numbered as they are sent, so that what is missing at the receiver is what the path lost.
            frame.Position = stream.Send.Window.Used++;
            probabilistic.Join(connection, index, builder.Transmission.Slices, message.Length, builder.PathBit, ref frame);
        }
        else
        {
            stream.Send.Window.Used = message.Number + 1;
            frame.Position = frame.HasSequence ? frame.Position : 0;
        }

        writer.WriteHeader(index, stream, frame, ref builder);
    }

    private void DropUnsent(int index, EventKind outcome)
    {
        ref StreamState stream = ref state.Streams[index];
        stream.Send.Expired += state.Messages[stream.Send.MessageUnsent].Has(MessageFlags.Repair) ? 0 : 1;
        EndUnsent(index, outcome);
    }

    private void EndUnsent(int index, EventKind outcome)
    {
        messages.Finish(state.Streams[index].Send.MessageUnsent, outcome);
        probabilistic.CloseIfLast(index);
        lifecycle.RequestCloseIfDrained(index);
    }

    private void FreeFragments(int index, int messageIndex, in SegmentList list)
    {
        for (int i = list.Head; i >= 0;)
        {
            int next = state.Segments[i].Next;
            if (state.Segments[i].Message == messageIndex)
            {
                segments.Free(i);
            }

            i = next;
        }
    }

    private void ReleaseSlices(ReadOnlySpan<PayloadSlice> slices)
    {
        foreach (ref readonly PayloadSlice slice in slices)
        {
            state.Frames.Release(slice.Frame);
        }
    }

    private static int LengthMax(Connection connection, in StreamState stream) => stream.IsReliable
        ? connection.PeerMessageLengthMax
        : DatagramLengthMax(FrameLengthMin(connection));

    /// <summary>The longest frame that every path carries on which the message could go: which it will be is not known when it is handed over.</summary>
    private static int FrameLengthMin(Connection connection)
    {
        int length = connection.Path.FrameLength;
        for (int i = 1; i < connection.Paths.Count; i++)
        {
            length = Math.Min(length, connection.Paths[i].FrameLength);
        }

        return length;
    }

    /// <summary>What fits one packet beside every header that can stand in front of it.</summary>
    public static int DatagramLengthMax(int frameLength) =>
        frameLength - Wire.LinkHeader.Size - Wire.PacketHeader.Size - StreamOpenFrame.WireSize - DataFrame.WireSizeMax;

    private SendResult WouldBlock(int index)
    {
        state.Streams[index].Set(StreamFlags.WantsWritable);
        state.Starved.AddIfIdle(index);
        return new SendResult(CallStatus.WouldBlock);
    }
}
