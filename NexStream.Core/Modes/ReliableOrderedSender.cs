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
        int room = Math.Max(connection.Config.SendBuffer - stream.Send.Buffered, 0);
        int taken = state.Store.Append(
            ref stream.Send.Unsent, data[..Math.Min(data.Length, room)], stream.Send.End, connection.Index, ref connection.Memory.Sending, state.SendFramesMax(connection, stream));
        stream.Send.End += (uint)taken;
        stream.Send.Buffered += taken;
        connection.SendBuffered += taken;
        if (taken > 0)
        {
            lifecycle.Schedule(connection, index, ref stream);
            if (options.HasDeadline)
            {
                AddDeadline(index, options);
            }
        }

        if (taken < data.Length)
        {
            stream.Set(StreamFlags.WantsWritable);
            state.Starved.AddIfIdle(index);
            return new SendResult(taken > 0 ? CallStatus.Ok : CallStatus.WouldBlock, taken);
        }

        return new SendResult(CallStatus.Ok, taken);
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
        Invariant.Check(stream.Send.Window.Used <= stream.Send.Window.Limit, "A stream sends within its credit.");
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
