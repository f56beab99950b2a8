using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// Fragments of one Reliable-Unordered message that arrive in a row, packet by packet, as <see cref="ArrivingRun"/> is for bytes. The last, with which the message can be
/// read, is none of them: <see cref="PredictedFragments"/> takes it in.
/// </summary>
internal sealed class ArrivingFragments(EndpointState state, PayloadKeeper keeper)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<InboundMessage> _inbound = state.Inbound;

    /// <summary>A shorter piece is copied, or counted, and is none for a run.</summary>
    private readonly int _lengthMin = Math.Max(keeper.CopiedMax + 1, Reassembler.BytesPerRun);

    private DataHead _head;
    private int _stream = Slab<StreamState>.None;
    private int _message;
    private ArrivingPieces _pieces;
    private ulong _number;
    private int _length;
    private int _offset;

    /// <summary>A fragment of a message was taken in, but not the last, and those that follow it may continue the message.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">The stream.</param>
    /// <param name="messageIndex">The message.</param>
    /// <param name="frame">The packet, with one slice.</param>
    public void Begin(Connection connection, int index, int messageIndex, in LinkFrame frame)
    {
        ref InboundMessage message = ref _inbound[messageIndex];
        _head = DataHead.In(frame.Head);
        _stream = index;
        _message = messageIndex;
        _pieces.Begin(state, connection.Memory, message.Content.Tail, frame.Payload[0]);
        _number = message.Number;
        _length = message.Length;
        _offset = message.Received;
    }

    /// <summary>Takes the packet's fragment in, which is the next of its path. False: it does not continue the message, or ends it, and nothing was done.</summary>
    /// <param name="frame">The packet, with one slice.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in LinkFrame frame)
    {
        if (_stream < 0 || frame.Head.Length != MessageHead.ReliableSize)
        {
            return false;
        }

        ref readonly PayloadSlice slice = ref frame.Payload[0];
        int length = slice.Length;
        if (length < _lengthMin || !MessageHead.IsPart(frame.Head, _number, _length, _offset) || !DataHead.In(frame.Head).IsSameStream(_head)
            || frame.Header.PayloadLength != (long)length + MessageHead.ReliableSize || length >= _length - _offset
            || !_pieces.TryAdd(slice, (uint)_offset))
        {
            return false;
        }

        _offset += length;
        return true;
    }

    /// <summary>The run is over: stream and message have its bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle()
    {
        if (_stream >= 0)
        {
            End();
        }
    }

    private void End()
    {
        ref InboundMessage message = ref _inbound[_message];
        _pieces.Join();
        message.Content.Tail = _pieces.Tail;
        _streams[_stream].Receive.Buffered += _offset - message.Received;
        message.Received = _offset;
        _stream = Slab<StreamState>.None;
    }
}
