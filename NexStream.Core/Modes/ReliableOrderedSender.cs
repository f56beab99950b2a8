using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>The sending side of Reliable-Ordered: a stream of bytes, cut into packets when they are sent (NS-RO-*).</summary>
internal sealed class ReliableOrderedSender(
    EndpointState state, OrderedSendBuffer buffer, StreamLifecycle lifecycle, OutboundMessages messages, SegmentWriter writer)
{
    /// <summary>New data goes into a packet that has other frames only if it fills at least this much, so that it is not cut into crumbs.</summary>
    private const int PayloadMin = 64;

    private readonly PayloadStore _store = state.Store;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SendResult Send(Connection connection, int index, ref StreamState stream, ReadOnlySpan<byte> data, in SendOptions options)
    {
        ref SendHalf send = ref stream.Send;
        if (data.Length > connection.SendBuffer - send.Buffered || !_store.TryAppendWhole(ref send.Content, data, send.End, connection.Memory))
        {
            return SendPart(connection, index, ref stream, data, options);
        }

        OnAppended(connection, index, ref stream, data.Length);
        if (options.HasDeadline)
        {
            AddDeadline(index, options);
        }

        return new SendResult(CallStatus.Ok, data.Length);
    }

    /// <summary>Takes as much as there is room for, in as many frames as it needs.</summary>
    private SendResult SendPart(Connection connection, int index, ref StreamState stream, ReadOnlySpan<byte> data, in SendOptions options)
    {
        ref SendHalf send = ref stream.Send;
        int room = connection.SendBuffer - send.Buffered;
        int taken = 0;
        if (room > 0)
        {
            ReadOnlySpan<byte> fitting = data.Length <= room ? data : data[..room];
            taken = state.Store.Append(ref send.Content, fitting, send.End, connection.Index, ref connection.Memory.Sending, state.SendFramesMax(connection, stream));
        }

        if (taken > 0)
        {
            OnAppended(connection, index, ref stream, taken);
            if (options.HasDeadline)
            {
                AddDeadline(index, options);
            }
        }

        return taken == data.Length ? new SendResult(CallStatus.Ok, taken) : Refuse(index, ref stream, taken);
    }

    /// <summary>Bytes were put behind the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnAppended(Connection connection, int index, ref StreamState stream, int bytes)
    {
        ref SendHalf send = ref stream.Send;
        if (send.Cursor < 0)
        {
            send.Cursor = send.Content.Head;
        }

        send.End += (uint)bytes;
        send.Buffered += bytes;
        connection.SendBuffered += bytes;
        lifecycle.Schedule(connection, index, ref stream);
    }

    /// <summary>Not all was taken: an event will tell when there is room.</summary>
    private SendResult Refuse(int index, ref StreamState stream, int taken)
    {
        state.Starved.Add(index);
        return new SendResult(taken > 0 ? CallStatus.Ok : CallStatus.WouldBlock, taken);
    }

    /// <summary>Writes what was lost, else new data as far as the credit of the stream and of the connection reaches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DataResult TryWrite(Connection connection, int index, ref StreamState stream, ref PacketBuilder builder)
    {
        int room = SegmentWriter.PayloadRoom(index, stream, builder, TransportMode.ReliableOrdered);
        ref SendHalf send = ref stream.Send;
        if (!send.Lost.IsEmpty && buffer.HasLost(ref send))
        {
            return WriteLost(connection, index, ref stream, room, ref builder);
        }

        ulong credit = Math.Min(send.End - send.Window.Used, send.Window.Available);
        if (credit == 0)
        {
            return DataResult.Nothing;
        }

        if (connection.Credit.Available == 0)
        {
            return DataResult.CreditBlocked;
        }

        credit = Math.Min(credit, connection.Credit.Available);
        if (!IsWorthIt(room, credit, builder) || CutsRun(send, credit, room, builder))
        {
            return DataResult.NoRoom;
        }

        if (!buffer.MaySend)
        {
            return DataResult.NoMemory;
        }

        ulong position = send.Window.Used;
        builder.PayloadLength = buffer.Take(ref send, (int)Math.Min(credit, (ulong)room), builder.Transmission, out builder.Chunk);
        connection.Credit.Used += (uint)builder.PayloadLength;
        Invariant.Check(send.Window.Used <= send.Window.Limit, "A stream sends within its credit.");
        if (stream.Has(StreamFlags.FinQueued) && send.Window.Used == send.End)
        {
            stream.Set(StreamFlags.FinSent);
        }

        Write(index, stream, position, ref builder);
        return DataResult.Written;
    }

    /// <summary>Writes bytes that are under way once more. Nothing is kept for the case that this packet is lost: the one that carried them first counts.</summary>
    public void WriteCopy(in DataCopy copy, in StreamState stream, ref PacketBuilder builder)
    {
        int chunk = copy.Chunk;
        builder.Chunk = chunk;
        builder.Flags |= SentPacketFlags.SentAgain | SentPacketFlags.Requeued;
        builder.PayloadLength = buffer.TakeAgain(ref chunk, copy.Position, copy.Length, builder.Transmission);
        Write(copy.Stream, stream, copy.Position, ref builder);
    }

    /// <summary>Whether something below <paramref name="position"/> is not acknowledged.</summary>
    public bool IsOutstandingBelow(int index, ulong position) => state.Streams[index].Send.Acknowledged < position;

    /// <summary>Sends the first run again that was lost, as much of it as fits.</summary>
    private DataResult WriteLost(Connection connection, int index, ref StreamState stream, int room, ref PacketBuilder builder)
    {
        int lostIndex = stream.Send.Lost.Head;
        ref Segment lost = ref state.Segments[lostIndex];
        if (!IsWorthIt(room, (uint)lost.Length, builder))
        {
            return DataResult.NoRoom;
        }

        if (lost.Length > room && !buffer.MaySplit)
        {
            return DataResult.NoMemory;
        }

        ulong position = lost.Position;
        int chunk = lost.Chunk;
        builder.Chunk = chunk;
        builder.Losses = lost.Losses;
        builder.Flags |= SentPacketFlags.SentAgain;
        builder.PayloadLength = buffer.TakeAgain(ref chunk, position, Math.Min(lost.Length, room), builder.Transmission);
        buffer.OnSentAgain(ref stream.Send, lostIndex, builder.PayloadLength, chunk);
        stream.Send.Retransmissions++;
        connection.Retransmissions++;
        Write(index, stream, position, ref builder);
        return DataResult.Written;
    }

    /// <summary>Whether data goes along with what the packet has already, or waits for one of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsWorthIt(int room, ulong bytes, in PacketBuilder builder) =>
        room > 0 && (builder.IsEmpty || Math.Min(bytes, (uint)room) >= Math.Min(bytes, PayloadMin));

    /// <summary>
    /// Whether a run would be cut that fits a packet of its own: it and all that follow it would then lie across the ends of two frames in every packet, which costs
    /// more than one packet of control frames.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool CutsRun(in SendHalf send, ulong credit, int room, in PacketBuilder builder)
    {
        if (builder.IsEmpty || credit <= (uint)room)
        {
            return false;
        }

        int run = buffer.UnsentRun(send);
        return run > room && run <= room + builder.Writer.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Write(int index, in StreamState stream, ulong position, ref PacketBuilder builder)
    {
        bool fin = stream.Has(StreamFlags.FinSent) && position + (uint)builder.PayloadLength == stream.Send.End;
        builder.Position = position;
        builder.Flags |= fin ? SentPacketFlags.Fin : 0;
        writer.WriteHeader(index, stream, new DataFrame { Mode = TransportMode.ReliableOrdered, StreamId = stream.Id, Fin = fin, Position = position }, ref builder);
    }

    /// <summary>What was sent so far is of no use after the deadline: then the stream is reset.</summary>
    public void AddDeadline(int index, in SendOptions options)
    {
        // Without a free record the data goes without its deadline: it is late at worst, never lost.
        if (messages.TryAdd(index, ref state.Streams[index], options with { Report = false }, 0, out int mark))
        {
            state.Messages[mark].Flags |= MessageFlags.StreamDeadline;
        }
    }
}
