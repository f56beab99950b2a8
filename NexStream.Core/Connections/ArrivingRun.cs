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
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>A piece up to this length is copied, and is none for a run.</summary>
    private readonly int _copiedMax = keeper.CopiedMax;

    private DataHead _head;
    private Connection _connection = null!;
    private MemoryShare _memory = null!;
    private FrameRegion _region = null!;
    private int _stream = Slab<StreamState>.None;
    private int _tail;

    /// <summary>What the last chunk holds. Pieces that adjoin it in a peer's frame are held by the same reference, and cost neither frame nor chunk.</summary>
    private PayloadSlice _last;

    /// <summary>Whether they lie in a peer's frames: a frame of the endpoint's own comes with a reference for each piece, which has to be given back.</summary>
    private bool _isPeers;

    /// <summary>Pieces that joined it, which frame and chunk do not know of yet.</summary>
    private int _joined;
    private ulong _position;
    private ulong _begin;

    /// <summary>Behind the last byte that the credit of stream and connection allows.</summary>
    private ulong _limit;

    /// <summary>Pieces for which there are certainly frames and chunks: whatever happens before the run is settled gives back more of them.</summary>
    private int _room;

    /// <summary>A packet of the stream was taken in, and those that follow it may continue it.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">Its stream.</param>
    /// <param name="frame">The packet, with one slice.</param>
    public void Begin(Connection connection, int index, in LinkFrame frame)
    {
        ref readonly PayloadSlice slice = ref frame.Payload[0];
        ref ReceiveHalf receive = ref _streams[index].Receive;
        _head = DataHead.In(frame.Head);
        _connection = connection;
        _memory = connection.Memory;
        _region = _frames.RegionOf(slice.Frame);
        _stream = index;
        _tail = receive.Ready.Tail;
        _last = _store.Chunks[_tail].Slice;
        _isPeers = !ReferenceEquals(_region, _frames.Arena);
        _position = receive.Next;
        _begin = receive.Next;
        _limit = receive.Next + Math.Min(receive.Window.Limit - receive.Next, connection.Window.Limit - connection.Received);
        _room = Math.Min(_frames.RoomFor(_region, _memory), _store.Chunks.FreeCount);
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
        FrameRegion region = _region;
        int length = slice.Length;
        if (length <= _copiedMax || head.Position != _position || !head.Data.IsSameStream(_head)
            || frame.Header.PayloadLength != (long)length + OrderedHead.Size || _room == 0)
        {
            return false;
        }

        ulong end = _position + (uint)length;
        if (end > _limit)
        {
            return false;
        }

        if (_isPeers && _last.IsFollowedBy(slice) && region.Contains(slice))
        {
            _last = _last.WithLength(_last.Length + length);
            _joined++;
            _position = end;
            return true;
        }

        if (slice.Region != region.Number || !region.Contains(slice))
        {
            return false;
        }

        Join();
        _frames.Adopt(region, slice, _memory);
        _tail = _store.LinkBehind(_tail, slice, _position);
        _last = slice;
        _position = end;
        _room--;
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
        Join();
        _stream = Slab<StreamState>.None;
        receive.Ready.Tail = _tail;
        receive.Next += bytes;
        receive.Highest = receive.Next;
        receive.Buffered += (int)bytes;
        _connection.Received += bytes;
        _connection.ReadyBytes += (long)bytes;
    }

    /// <summary>Chunk and frame learn of what joined.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Join()
    {
        if (_joined > 0)
        {
            _store.Chunks[_tail].Slice = _last;
            _region.Records[_last.Index].Holds += _joined;
            _joined = 0;
        }
    }
}
