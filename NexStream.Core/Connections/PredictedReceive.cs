using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// What nearly every packet of a bulk transfer is, seen at a glance (header prediction, Jacobson 1990): the next packet of an open connection with
/// nothing in it but the bytes of a Reliable-Ordered stream that follow the last ones, or a whole message (<see cref="PredictedMessages"/>), in registered frames.
/// What is not just that is left to <see cref="ReceivePath"/> untouched. Both leave the same state behind: a test runs one against the other.
/// </summary>
internal sealed class PredictedReceive(
    EndpointState state, ConnectionFactory connections, StreamTable table, PayloadKeeper keeper, Reassembler reassembler, PacketTrain train,
    PredictedMessages messages)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>Takes the frame in. False: it is none of these, and nothing was done.</summary>
    public bool TryProcess(in LinkFrame frame, Instant now)
    {
        if (frame.Payload.IsEmpty || !MessageHead.IsLength(frame.Head.Length) || !state.UsesPrediction)
        {
            return false;
        }

        ref readonly DataHead head = ref DataHead.In(frame.Head);
        ref readonly LinkHeader link = ref frame.Header;
        if (connections.FindByTag(head.Tag) is not { Owner: { State: ConnectionState.Established, ClosePhase: ClosePhase.None } connection } path
            || link.Destination != path.Local
            || !_frames.CanAdopt(frame.Payload, connection.Memory, keeper.CopiedMax + 1, out int length)
            || link.PayloadLength != (uint)(length + frame.Head.Length))
        {
            return false;
        }

        if (!head.IsPacket(path.Id, unchecked((uint)(path.Received.Largest + 1))) || link.Source != path.Remote || !path.Received.HasAny || !path.IsUsable)
        {
            return false;
        }

        int before = connection.PredictedStream;
        bool isOrdered = head.Frame == OrderedHead.Frame && frame.Head.Length == OrderedHead.Size;
        TransportMode mode = TransportMode.ReliableOrdered;
        bool hasNumber = false;
        if ((!isOrdered && !MessageHead.TryRead(frame.Head, out mode, out hasNumber)) || table.Find(connection, head.StreamId, out int index) != StreamLookup.Found)
        {
            return false;
        }

        if (!(isOrdered ? TryTakeBytes(connection, index, frame, length) : messages.TryTake(connection, index, frame, mode, hasNumber, length)))
        {
            return false;
        }

        connection.LastReceivedAt = now;
        connection.LastActivityAt = now;
        path.BytesReceived += link.PayloadLength + LinkHeader.Size;
        path.Received.RecordNext(now, link.Ecn, path.Rtt.SmoothedNs);
        path.PacketsReceived++;
        state.MarkReady(connection);
        state.PredictedReceived++;
        if (isOrdered && index == before && frame.Payload.Length == 1 && _streams[index].Receive.OutOfOrder.IsEmpty)
        {
            // Where streams take turns, there is no second packet of the same.
            train.Couple(connection, path, index, frame, now);
        }

        return true;
    }

    /// <summary>Takes in the bytes that follow the last ones of a stream. False: they are none, or something forbids it, and nothing was done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTakeBytes(Connection connection, int index, in LinkFrame frame, int length)
    {
        ref StreamState stream = ref _streams[index];
        ref ReceiveHalf receive = ref stream.Receive;
        ulong position = receive.Highest;
        ulong end = position + (uint)length;
        if (OrderedHead.In(frame.Head).Position != position || stream.Mode != TransportMode.ReliableOrdered || stream.ReceiveState != ReceiveState.Open
            || stream.Has(StreamFlags.Discarding | StreamFlags.FinalSizeKnown)
            || end > receive.Window.Limit || connection.Received + (uint)length > connection.Window.Limit
            || _store.Chunks.FreeCount < frame.Payload.Length)
        {
            return false;
        }

        if (position != receive.Next)
        {
            return TryKeepBehindGap(connection, ref receive, frame, length);
        }

        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            _frames.Adopt(slice, connection.Memory);
            _store.TryLink(ref receive.Ready, slice, position);
            position += (uint)slice.Length;
        }

        receive.Next = end;
        receive.Highest = end;
        receive.Buffered += length;
        connection.Received += (uint)length;
        connection.ReadyBytes += length;
        state.Events.Raise(index, StreamEvents.Readable);
        return true;
    }

    /// <summary>Something before these bytes is missing, and nothing between them and the last that came: they wait as those do.</summary>
    private bool TryKeepBehindGap(Connection connection, ref ReceiveHalf receive, in LinkFrame frame, int length)
    {
        int tail = receive.OutOfOrder.Tail;
        if (tail < 0 || _store.Chunks[tail].End != receive.Highest || frame.Payload.Length != 1 || !state.MayTakeAhead(connection)
            || !reassembler.TryAppend(ref receive.OutOfOrder, ref receive.PendingCount, receive.Buffered, frame.Payload[0], receive.Highest))
        {
            return false;
        }

        _frames.Adopt(frame.Payload[0], connection.Memory);
        receive.Highest += (uint)length;
        receive.Buffered += length;
        connection.Received += (uint)length;
        return true;
    }
}
