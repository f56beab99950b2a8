using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Core.Modes;

/// <summary>The sending side of Reliable-Ordered: a stream of bytes, cut into segments when they are sent (NS-RO-*).</summary>
internal sealed class ReliableOrderedSender(
    EndpointState state, SegmentStore segments, StreamLifecycle lifecycle, OutboundMessages messages, SegmentWriter writer)
{
    /// <summary>New data goes into a packet that has other frames only if it fills at least this much, so that it is not cut into crumbs.</summary>
    private const int PayloadMin = 64;

    public SendResult Send(Connection connection, int index, ref StreamState stream, ReadOnlySpan<byte> data, in SendOptions options)
    {
        ref SendHalf send = ref stream.Send;
        int room = connection.SendBuffer - send.Buffered;
        int taken = 0;
        if (room > 0)
        {
            ReadOnlySpan<byte> fitting = data.Length <= room ? data : data[..room];
            taken = state.Store.Append(ref send.Unsent, fitting, send.End, connection.Index, ref connection.Memory.Sending, state.SendFramesMax(connection, stream));
        }

        if (taken > 0)
        {
            send.End += (uint)taken;
            send.Buffered += taken;
            connection.SendBuffered += taken;
            lifecycle.Schedule(connection, index, ref stream);
            if (options.HasDeadline)
            {
                AddDeadline(index, options);
            }
        }

        return taken == data.Length ? new SendResult(CallStatus.Ok, taken) : Refuse(index, ref stream, taken);
    }

    /// <summary>Not all was taken: an event will tell when there is room.</summary>
    private SendResult Refuse(int index, ref StreamState stream, int taken)
    {
        stream.Set(StreamFlags.WantsWritable);
        state.Starved.AddIfIdle(index);
        return new SendResult(taken > 0 ? CallStatus.Ok : CallStatus.WouldBlock, taken);
    }

    /// <summary>Writes what was lost, else new data as far as the credit of the stream and of the connection reaches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DataResult TryWrite(Connection connection, int index, ref StreamState stream, ref PacketBuilder builder)
    {
        int room = SegmentWriter.PayloadRoom(index, stream, builder, TransportMode.ReliableOrdered);
        if (!stream.Send.Lost.IsEmpty)
        {
            return writer.WriteLost(index, ref stream, room, ref builder);
        }

        ulong unsent = stream.Send.End - stream.Send.Window.Used;
        ulong credit = Math.Min(unsent, stream.Send.Window.Available);
        if (credit == 0)
        {
            return DataResult.Nothing;
        }

        if (connection.Credit.Available == 0)
        {
            return DataResult.CreditBlocked;
        }

        int length = (int)Math.Min(Math.Min(credit, connection.Credit.Available), (ulong)Math.Max(room, 0));
        if (room <= 0 || (length < Math.Min((int)Math.Min(credit, PayloadMin), PayloadMin) && !builder.IsEmpty))
        {
            return DataResult.NoRoom;
        }

        int segmentIndex = segments.Cut(index, ref stream, Slab<OutboundMessage>.None, ref stream.Send.Unsent, stream.Send.Window.Used, length);
        if (segmentIndex < 0)
        {
            return DataResult.NoMemory;
        }

        ref Segment segment = ref state.Segments[segmentIndex];
        stream.Send.Window.Used += (uint)segment.Length;
        connection.Credit.Used += (uint)segment.Length;
        if (stream.Has(StreamFlags.FinQueued) && stream.Send.Unsent.IsEmpty)
        {
            segment.HasFin = true;
            stream.Set(StreamFlags.FinSent);
        }

        writer.Write(index, stream, segmentIndex, ref builder);
        return DataResult.Written;
    }

    /// <summary>Whether something below <paramref name="position"/> is not acknowledged.</summary>
    public bool IsOutstandingBelow(int index, ulong position)
    {
        ref SendHalf send = ref state.Streams[index].Send;
        return send.Window.Used < position && send.Window.Used < send.End
            || AnyBelow(send.InFlight, position)
            || AnyBelow(send.Lost, position);
    }

    private bool AnyBelow(in SegmentList list, ulong position)
    {
        for (int i = list.Head; i >= 0; i = state.Segments[i].Next)
        {
            if (state.Segments[i].Position < position)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What was sent so far is of no use after the deadline: then the stream is reset.</summary>
    public void AddDeadline(int index, in SendOptions options)
    {
        // Without a free record the data goes without its deadline: it is late at worst, never lost.
        if (messages.TryAdd(index, options with { Report = false }, 0, out int mark))
        {
            state.Messages[mark].Flags |= MessageFlags.StreamDeadline;
        }
    }
}
