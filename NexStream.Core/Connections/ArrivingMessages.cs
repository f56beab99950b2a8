using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// Whole messages of one stream that arrive in a row, packet by packet, as <see cref="ArrivingRun"/> is for bytes: each is compared with what is expected and becomes a
/// record behind the one before. The stream and its connection are told of all of them once, in <see cref="Settle"/>.
/// </summary>
internal sealed class ArrivingMessages(EndpointState state, InboundMessages inbound, ProbabilisticReceiver probabilistic, PayloadKeeper keeper)
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
    private MessageForm _form;
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
    /// <param name="form">What its head says of the message.</param>
    public void Begin(Connection connection, int index, in LinkFrame frame, MessageForm form)
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
        _form = form;
        bool isReliable = form == MessageForm.Reliable;
        _lengthMax = connection.ReceivedMessageMax;
        _next = receive.Next;
        _bytesMax = isReliable ? (long)(connection.Window.Limit - connection.Received) : connection.Config.DatagramBuffer - receive.Buffered;
        int frames = Math.Min(_frames.RoomFor(_region, _memory), isReliable ? int.MaxValue : _memory.AheadMax - _frames.HeldBy(_memory.Owner));
        _room = Math.Min(frames, _messages.FreeCount);
        if (isReliable)
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
        if (length <= _copiedMax || frame.Header.PayloadLength != (long)length + _headLength || _room <= 0 || _bytes + length > _bytesMax
            || slice.Region != region.Number || !region.Contains(slice))
        {
            return false;
        }

        ulong number = MessageHead.HasNumber(_form) ? MessageHead.NumberIn(frame.Head) : 0;
        if (!(_form == MessageForm.Reliable ? IsNext(frame.Head, number, length) : number <= WireLimits.PositionMax && !_store.OnlyGapsMayFill)
            || (MessageHead.IsProbabilistic(_form) && !IsAheadAlone(frame.Head, number)))
        {
            return false;
        }

        _frames.Adopt(region, slice, _memory);
        Append(number, slice);
        if (MessageHead.IsProbabilistic(_form))
        {
            Keep(frame.Head, number);
        }

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

    /// <summary>
    /// Whether a message of Probabilistic is new, which one that was brought back before it came is not, and brings nothing back: that would be given out before it, and
    /// the run knows nothing of it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsAheadAlone(ReadOnlySpan<byte> head, ulong number) => probabilistic.IsAhead(_connection, _streams[_stream], number)
        && (_form != MessageForm.Grouped
            || (ProbabilisticReceiver.IsPlace(MessageHead.PlaceIn(head), number) && probabilistic.IsWithoutRepairs(_streams[_stream], number, MessageHead.PlaceIn(head))));

    /// <summary>The last message is counted, and kept for the others of its group, which may be given up instead: then there is memory again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(ReadOnlySpan<byte> head, ulong number)
    {
        probabilistic.OnAhead(_connection, _streams[_stream], number);
        if (_form == MessageForm.Grouped)
        {
            probabilistic.KeepForGroup(_connection, _stream, number, MessageHead.PlaceIn(head), _messages[_tail]);
            state.Starved.Wake();
        }
    }

    /// <summary>A record for the message, behind the last; there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(ulong number, in PayloadSlice slice)
    {
        bool isFree = inbound.TryCreateWhole(number, slice, MessageHead.HasNumber(_form), out int index);
        Invariant.Check(isFree, "There is a record for the message.");
        _messages[_tail].Next = index;
        _tail = index;
    }

    private void End()
    {
        int stream = _stream;
        ref ReceiveHalf receive = ref _streams[stream].Receive;
        _stream = Slab<StreamState>.None;
        if (_count == 0)
        {
            return;
        }

        receive.MessageTail = _tail;
        receive.Next += (uint)_count;
        receive.Buffered += (int)_bytes;
        _connection.ReadyBytes += _bytes;
        if (_form == MessageForm.Reliable)
        {
            receive.FinalSize = Math.Max(receive.FinalSize, receive.Next);
            MessageReceiver.Charge(_connection, ref _streams[stream], (ulong)_bytes);
        }

        _count = 0;
        _bytes = 0;
    }
}
