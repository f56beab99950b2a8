using NexStream.Core.Buffers;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Core.Modes;

/// <summary>
/// Sends what the application wrote into frames of the arena itself (NS-NF-007). A frame is leased, filled, and handed over: from then on it is
/// the transmit and the retransmission buffer, as a frame is that a send was copied into.
/// </summary>
internal sealed class ZeroCopySender(
    EndpointState state, Loans loans, OutboundMessages messages, ReliableOrderedSender orderedSender, MessageSender messageSender)
{
    private readonly PayloadStore _store = state.Store;

    /// <summary>A whole frame for the application to fill.</summary>
    public CallStatus TryLease(Connection connection, int index, ref StreamState stream, out PayloadSlice slice)
    {
        if (!_store.TryTakeWhole(_store.Frames.FrameSize, connection.Index, state.SendFramesMax(connection, stream), out slice))
        {
            return Refuse(index);
        }

        loans.Lend(slice.Frame);
        return CallStatus.Ok;
    }

    /// <summary>Queues slices, whole or not at all; whenever the answer is another than Ok they stay the application's.</summary>
    public SendResult Send(Connection connection, int index, ref StreamState stream, ReadOnlySpan<PayloadSlice> slices, in SendOptions options)
    {
        long length = loans.TakeForSending(slices, connection.Index);
        SendResult result = stream.IsMessageMode
            ? SendMessage(connection, index, ref stream, slices, length, options)
            : SendBytes(connection, index, ref stream, slices, length, options);
        if (result.Status != CallStatus.Ok)
        {
            loans.Lend(slices);
        }

        return result;
    }

    private SendResult SendBytes(
        Connection connection, int index, ref StreamState stream, ReadOnlySpan<PayloadSlice> slices, long length, in SendOptions options)
    {
        if (slices.IsEmpty)
        {
            return new SendResult(CallStatus.Ok);
        }

        if (length > int.MaxValue || slices.Length > _store.ChunksForSending)
        {
            return new SendResult(CallStatus.MessageTooLong);
        }

        bool hasRoom = stream.Send.Buffered == 0 || stream.Send.Buffered + length <= connection.SendBuffer;
        if (!hasRoom || !_store.HasChunksForSending(slices.Length))
        {
            return new SendResult(Refuse(index));
        }

        Link(ref stream.Send.Content, slices, stream.Send.End);
        orderedSender.OnAppended(connection, index, ref stream, (int)length);
        if (options.HasDeadline)
        {
            orderedSender.AddDeadline(index, options);
        }

        return new SendResult(CallStatus.Ok, (int)length);
    }

    private SendResult SendMessage(
        Connection connection, int index, ref StreamState stream, ReadOnlySpan<PayloadSlice> slices, long length, in SendOptions options)
    {
        // A message that is sent once travels in one packet, and one of more pieces than there are records for would wait for ever.
        if (slices.Length > (stream.IsReliable ? _store.ChunksForSending : Wire.Transmission.SliceCountMax))
        {
            return new SendResult(CallStatus.MessageTooLong);
        }

        CallStatus status = messageSender.Admit(connection, index, ref stream, length);
        if (status is not (CallStatus.Ok or CallStatus.WouldBlock))
        {
            return new SendResult(status);
        }

        if (status == CallStatus.WouldBlock || !_store.HasChunksForSending(slices.Length)
            || !messages.TryAdd(index, ref stream, options, (int)length, out int messageIndex))
        {
            return new SendResult(Refuse(index));
        }

        ref OutboundMessage message = ref state.Messages[messageIndex];
        if (slices.Length == 1)
        {
            message.Piece = slices[0];
        }
        else
        {
            Link(ref message.Unsent, slices, 0);
        }

        state.AddBuffered(ref stream, (int)length);
        return messageSender.Queue(connection, index, ref stream, messageIndex);
    }

    /// <summary>The list takes over the references. What lies behind a slice in its frame stays as the application left it: nothing is appended there.</summary>
    private void Link(ref ChunkList list, ReadOnlySpan<PayloadSlice> slices, ulong position)
    {
        foreach (ref readonly PayloadSlice slice in slices)
        {
            // There are records enough: that was asked before.
            _store.TryLink(ref list, slice, position);
            position += (uint)slice.Length;
        }
    }

    private CallStatus Refuse(int index)
    {
        state.Starved.Add(index);
        return CallStatus.WouldBlock;
    }
}
