using NexStream.Core.Buffers;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The fragment of a Reliable-Unordered message that follows those before it, of the message that comes next, in registered frames, as <see cref="MessageReceiver"/> takes
/// it in with more steps. <see cref="PredictedReceive"/> has looked at the packet.
/// </summary>
internal sealed class PredictedFragments(EndpointState state, InboundMessages messages, MessageReceiver receiver, ArrivingFragments run)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<InboundMessage> _inbound = state.Inbound;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>Takes the fragment in. False: it is not the one, or something forbids it, and nothing was done.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">The stream.</param>
    /// <param name="frame">The packet, whose slices can be adopted.</param>
    /// <param name="length">Bytes in the slices.</param>
    public bool TryTake(Connection connection, int index, in LinkFrame frame, int length)
    {
        ref StreamState stream = ref _streams[index];
        ref ReceiveHalf receive = ref stream.Receive;
        ulong number = MessageHead.NumberIn(frame.Head);
        if (stream.Mode != TransportMode.ReliableUnordered || stream.ReceiveState != ReceiveState.Open || stream.Has(StreamFlags.Discarding | StreamFlags.FinalSizeKnown)
            || number != receive.Next || receive.Arrived.Count > 0 || _store.Chunks.FreeCount < frame.Payload.Length)
        {
            return false;
        }

        // What was begun last stands first.
        int messageIndex = receive.PartialHead;
        bool isNext = receive.PendingCount == 0
            ? TryBegin(connection, index, frame, number, length, out messageIndex)
            : Continues(messageIndex, frame, number, length);
        if (!isNext)
        {
            return false;
        }


        ref InboundMessage message = ref _inbound[messageIndex];
        ulong position = (uint)message.Received;
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            _frames.Adopt(slice, connection.Memory);
            _store.TryLink(ref message.Content, slice, position);
            position += (uint)slice.Length;
        }

        message.Received += length;
        receive.Buffered += length;
        if (message.Received == message.Length)
        {
            bool isMarked = receiver.TryComplete(connection, index, messageIndex);
            Invariant.Check(isMarked, "What comes next makes no gap.");
        }

        return true;
    }

    /// <summary>The stream's fragment was taken in, from one slice: those that follow it in its message may be a run.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">The stream.</param>
    /// <param name="frame">The packet.</param>
    public void BeginRun(Connection connection, int index, in LinkFrame frame)
    {
        int message = _streams[index].Receive.PartialHead;
        if (message >= 0 && _inbound[message].Number == MessageHead.NumberIn(frame.Head))
        {
            run.Begin(connection, index, message, frame);
        }
    }

    /// <summary>The first fragment of the next message.</summary>
    private bool TryBegin(Connection connection, int index, in LinkFrame frame, ulong number, int length, out int messageIndex)
    {
        ref ReceiveHalf receive = ref _streams[index].Receive;
        uint messageLength = MessageHead.LengthIn(frame.Head);
        messageIndex = Slab<InboundMessage>.None;
        if (number >= receive.Window.Limit || messageLength > (uint)connection.ReceivedMessageMax || (uint)length > messageLength
            || !MessageHead.IsPart(frame.Head, number, (int)messageLength, offset: 0) || ((uint)length < messageLength && HasShortRun(frame.Payload)) || connection.Received + messageLength > connection.Window.Limit
            || !messages.TryCreate(number, (int)messageLength, hasNumber: true, out messageIndex))
        {
            return false;
        }

        messages.AddPartial(index, messageIndex);
        MessageReceiver.Charge(connection, ref _streams[index], messageLength);
        receive.FinalSize = Math.Max(receive.FinalSize, number + 1);
        return true;
    }

    /// <summary>Whether the fragment follows all those before it in its message, with nothing missing, and they were not cut too finely.</summary>
    private bool Continues(int messageIndex, in LinkFrame frame, ulong number, int length)
    {
        ref InboundMessage message = ref _inbound[messageIndex];
        int rest = message.Length - message.Received;
        return MessageHead.IsPart(frame.Head, number, message.Length, message.Received) && message.Number == number
            && (length == rest || (length < rest && !HasShortRun(frame.Payload)))
            && message.Ahead.IsEmpty && Reassembler.MayAdd(message.RunCount, message.Received);
    }

    /// <summary>Whether a run is short enough to be counted (<see cref="MessageAssembler"/>); with the last fragment the message is put together, and nothing is to be bounded.</summary>
    private static bool HasShortRun(ReadOnlySpan<PayloadSlice> payload)
    {
        foreach (ref readonly PayloadSlice slice in payload)
        {
            if (slice.Length < Reassembler.BytesPerRun)
            {
                return true;
            }
        }

        return false;
    }
}
