using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// Whole messages of one stream that arrive in a row, packet by packet, as <see cref="ArrivingRun"/> is for bytes: each is compared with what is expected and becomes a
/// record behind the one before. The stream and its connection are told of all of them once, in <see cref="Settle"/>.
/// </summary>
internal sealed class ArrivingMessages(EndpointState state, InboundMessages inbound, PayloadKeeper keeper)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<InboundMessage> _messages = state.Inbound;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>A message up to this length is copied, and is none for a run.</summary>
    private readonly int _copiedMax = keeper.CopiedMax;

    private DataHead _head;
    private int _headLength;
    private Connection _connection = null!;
    private MemoryShare _memory = null!;
    private FrameRegion _region = null!;
    private int _stream = Slab<StreamState>.None;
    private int _tail;
    private bool _isReliable;
    private bool _hasNumber;
    private int _lengthMax;
    private ulong _next;
    private long _bytes;
    private int _count;

    /// <summary>Bytes that may still come: of the connection's credit, or of what the stream may hold.</summary>
    private long _bytesMax;

    /// <summary>Messages for which there are certainly frames, records and credit: whatever happens before the run is settled gives back more of them.</summary>
    private int _room;

    /// <summary>A message of the stream was taken in, and those that follow it may be the next.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">Its stream.</param>
    /// <param name="frame">The packet, with one slice.</param>
    /// <param name="hasNumber">Whether the message's number is in its head.</param>
    public void Begin(Connection connection, int index, in LinkFrame frame, bool hasNumber)
    {
        ref StreamState stream = ref _streams[index];
        ref ReceiveHalf receive = ref stream.Receive;
        _head = DataHead.In(frame.Head);
        _headLength = frame.Head.Length;
        _connection = connection;
        _memory = connection.Memory;
        _region = _frames.RegionOf(frame.Payload[0].Frame);
        _stream = index;
        _tail = receive.MessageTail;
        _isReliable = stream.Mode == TransportMode.ReliableUnordered;
        _hasNumber = hasNumber;
        _lengthMax = connection.ReceivedMessageMax;
        _next = receive.Next;
        _bytesMax = _isReliable ? (long)(connection.Window.Limit - connection.Received) : connection.Config.DatagramBuffer - receive.Buffered;
        int frames = Math.Min(_frames.RoomFor(_region, _memory), _isReliable ? int.MaxValue : _memory.AheadMax - _frames.HeldBy(_memory.Owner));
        _room = Math.Min(frames, _messages.FreeCount);
        if (_isReliable)
        {
            _room = (int)Math.Min((ulong)_room, receive.Window.Limit - receive.Next);
        }
    }

    /// <summary>Takes the packet's message in, which is the next of its path. False: it does not follow the others, and nothing was done.</summary>
    /// <param name="frame">The packet, with one slice.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in LinkFrame frame)
    {
        if (_stream < 0 || frame.Head.Length != _headLength || !DataHead.In(frame.Head).IsSameStream(_head))
        {
            return false;
        }

        ref readonly PayloadSlice slice = ref frame.Payload[0];
        FrameRegion region = _region;
        int length = slice.Length;
        if (frame.Header.PayloadLength != (uint)(length + _headLength) || length <= _copiedMax || _room <= 0 || _bytes + length > _bytesMax
            || slice.Region != region.Number || !region.Contains(slice))
        {
            return false;
        }

        ulong number = _hasNumber ? MessageHead.NumberIn(frame.Head) : 0;
        if (!(_isReliable ? IsNext(frame.Head, number, length) : number <= WireLimits.PositionMax && !_store.OnlyGapsMayFill))
        {
            return false;
        }

        _frames.Adopt(region, slice, _memory);
        Append(number, slice);
        _bytes += length;
        _room--;
        _count++;
        return true;
    }

    /// <summary>The run is over: stream and connection have its messages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle()
    {
        if (_stream >= 0)
        {
            End();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsNext(ReadOnlySpan<byte> head, ulong number, int length) =>
        number == _next + (uint)_count && MessageHead.IsWhole(head, length) && length <= _lengthMax;

    /// <summary>A record for the message, behind the last; there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(ulong number, in PayloadSlice slice)
    {
        bool isFree = inbound.TryCreateWhole(number, slice, _hasNumber, out int index);
        Invariant.Check(isFree, "There is a record for the message.");
        _messages[_tail].Next = index;
        _tail = index;
    }

    private void End()
    {
        ref ReceiveHalf receive = ref _streams[_stream].Receive;
        _stream = Slab<StreamState>.None;
        if (_count == 0)
        {
            return;
        }

        receive.MessageTail = _tail;
        receive.Next += (uint)_count;
        receive.Buffered += (int)_bytes;
        _connection.ReadyBytes += _bytes;
        if (_isReliable)
        {
            receive.FinalSize = Math.Max(receive.FinalSize, receive.Next);
            receive.Highest += (ulong)_bytes;
            _connection.Received += (ulong)_bytes;
        }

        _count = 0;
        _bytes = 0;
    }
}
