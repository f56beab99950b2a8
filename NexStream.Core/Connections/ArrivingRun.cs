using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// Bytes of one Reliable-Ordered stream that arrive in a row, packet by packet: each is compared with what is expected and put behind the one before. The stream and
/// its connection are told of all of them once, in <see cref="Settle"/>.
/// </summary>
internal sealed class ArrivingRun(EndpointState state, PayloadKeeper keeper)
{
    private readonly Slab<StreamState> _streams = state.Streams;

    /// <summary>A piece up to this length is copied, and is none for a run.</summary>
    private readonly int _copiedMax = keeper.CopiedMax;

    private DataHead _head;
    private Connection _connection = null!;
    private int _stream = Slab<StreamState>.None;
    private ArrivingPieces _pieces;
    private ulong _position;
    private ulong _begin;

    /// <summary>Behind the last byte that the credit of stream and connection allows.</summary>
    private ulong _limit;

    /// <summary>A packet of the stream was taken in, and those that follow it may continue it.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">Its stream.</param>
    /// <param name="frame">The packet, with one slice.</param>
    public void Begin(Connection connection, int index, in LinkFrame frame)
    {
        ref ReceiveHalf receive = ref _streams[index].Receive;
        _head = DataHead.In(frame.Head);
        _connection = connection;
        _stream = index;
        _pieces.Begin(state, connection.Memory, receive.Ready.Tail, frame.Payload[0]);
        _position = receive.Next;
        _begin = receive.Next;
        _limit = receive.Next + Math.Min(receive.Window.Limit - receive.Next, connection.Window.Limit - connection.Received);
    }

    /// <summary>Takes the packet's bytes in, which is the next of its path. False: they do not continue the run, and nothing was done.</summary>
    /// <param name="frame">The packet, with one slice.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in LinkFrame frame)
    {
        if (_stream < 0 || frame.Head.Length != OrderedHead.Size)
        {
            return false;
        }

        ref readonly OrderedHead head = ref OrderedHead.In(frame.Head);
        ref readonly PayloadSlice slice = ref frame.Payload[0];
        int length = slice.Length;
        if (length <= _copiedMax || head.Position != _position || !head.Data.IsSameStream(_head)
            || frame.Header.PayloadLength != (long)length + OrderedHead.Size || _position + (uint)length > _limit || !_pieces.TryAdd(slice, _position))
        {
            return false;
        }

        _position += (uint)length;
        return true;
    }

    /// <summary>The run is over: stream and connection have its bytes.</summary>
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
        ref ReceiveHalf receive = ref _streams[_stream].Receive;
        ulong bytes = _position - _begin;
        _pieces.Join();
        _stream = Slab<StreamState>.None;
        receive.Ready.Tail = _pieces.Tail;
        receive.Next += bytes;
        receive.Highest = receive.Next;
        receive.Buffered += (int)bytes;
        _connection.Received += bytes;
        _connection.ReadyBytes += (long)bytes;
    }
}
