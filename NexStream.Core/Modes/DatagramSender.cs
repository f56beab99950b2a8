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
/// Sends the messages of Best-Effort and Probabilistic streams, and the repairs of the latter: each fits one packet, is sent once, and makes room for newer ones
/// when it waits for too long (NS-BE-*, NS-PR-004).
/// </summary>
internal sealed class DatagramSender(
    EndpointState state, StreamLifecycle lifecycle, OutboundMessages messages, SegmentWriter writer, ProbabilisticSender probabilistic)
{
    /// <summary>Fire and forget never waits: the oldest that was not sent makes room (NS-BE-002).</summary>
    public void MakeRoom(Connection connection, int index, long length)
    {
        ref StreamState stream = ref state.Streams[index];
        while (stream.Send.Buffered + length > connection.Config.DatagramBuffer && stream.Send.MessageUnsent >= 0)
        {
            DropUnsent(index, EventKind.MessageExpired);
        }
    }

    /// <summary>Writes the next message that fits and is not thinned out.</summary>
    public DataResult TryWrite(Connection connection, int index, int room, ref PacketBuilder builder)
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
        int moved = state.Store.Cut(ref message.Piece, ref message.Unsent, message.Length, builder.Transmission.SliceStorage, out int slices);
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
        stream.Send.MessageUnsent = message.Link.Next;
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
            int place = probabilistic.Join(connection, index, builder.Transmission.Slices, message.Length, builder.PathBit, frame.Position);
            frame.IsGrouped = place >= 0;
            frame.GroupIndex = (byte)Math.Max(place, 0);
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

    private void ReleaseSlices(ReadOnlySpan<PayloadSlice> slices)
    {
        foreach (ref readonly PayloadSlice slice in slices)
        {
            state.Frames.Release(slice.Frame);
        }
    }
}
