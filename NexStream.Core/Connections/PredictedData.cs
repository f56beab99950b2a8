using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// What the common packet carries, on its way to its stream: the bytes of a Reliable-Ordered stream that follow the last ones, a whole message or a repair
/// (<see cref="PredictedMessages"/>), or a fragment of a message (<see cref="PredictedFragments"/>), in registered frames. <see cref="PredictedReceive"/> and
/// <see cref="PacketTrain"/> have looked at the packet.
/// </summary>
internal sealed class PredictedData(
    EndpointState state, StreamTable table, PayloadKeeper keeper, Reassembler reassembler, PredictedMessages messages, PredictedFragments fragments, ArrivingRun run,
    ArrivingMessages messageRun)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>A shorter piece is better copied.</summary>
    private readonly int _lengthMin = keeper.CopiedMax + 1;

    /// <summary>Takes the packet's data in. False: it is none of these, or something forbids it, and nothing was done.</summary>
    /// <param name="connection">The connection, established.</param>
    /// <param name="frame">The packet, with at least one slice, and at least a <see cref="DataHead"/> in its head.</param>
    public bool TryTake(Connection connection, in LinkFrame frame)
    {
        int headLength = frame.Head.Length;
        if (!(MessageHead.IsLength(headLength) || headLength == RepairFrame.HeadSize) || !_frames.CanAdopt(frame.Payload, connection.Memory, _lengthMin, out int length)
            || frame.Header.PayloadLength != (long)length + headLength)
        {
            return false;
        }

        ref readonly DataHead head = ref DataHead.In(frame.Head);
        int before = connection.PredictedStream;
        bool isOrdered = head.Frame == OrderedHead.Frame && headLength == OrderedHead.Size;
        bool isRepair = head.Frame == RepairFrame.Start && headLength == RepairFrame.HeadSize;
        MessageForm form = default;
        if ((!isOrdered && !isRepair && !MessageHead.TryRead(frame.Head, out form)) || table.Find(connection, head.StreamId, out int index) != StreamLookup.Found)
        {
            return false;
        }

        if (isRepair)
        {
            return messages.TryTakeRepair(connection, index, frame, length);
        }

        bool isFragment = !isOrdered && form == MessageForm.Reliable && !MessageHead.IsWhole(frame.Head, length);
        if (!(isOrdered ? TryTakeBytes(connection, index, frame, length)
            : isFragment ? fragments.TryTake(connection, index, frame, length)
            : messages.TryTake(connection, index, frame, form, length)))
        {
            return false;
        }

        if (index == before && frame.Payload.Length == 1)
        {
            // Where streams take turns, there is no second packet of the same.
            BeginRun(connection, index, frame, isOrdered, isFragment, form);
        }

        return true;
    }

    private void BeginRun(Connection connection, int index, in LinkFrame frame, bool isOrdered, bool isFragment, MessageForm form)
    {
        if (isFragment)
        {
            fragments.BeginRun(connection, index, frame);
        }
        else if (!isOrdered)
        {
            messageRun.Begin(connection, index, frame, form);
        }
        else if (_streams[index].Receive.OutOfOrder.IsEmpty)
        {
            run.Begin(connection, index, frame);
        }
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
