using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// A packet train (Jain and Routhier 1986): packets of one Reliable-Ordered stream that arrive in a row at one instant, each what was to be expected behind the one
/// before. <see cref="PredictedReceive"/> takes in the first, looks at everything, and couples the train to it; those that follow are compared with what
/// is expected and put behind it. Counters, windows and the acknowledgement schedule follow once for all of them, in <see cref="Settle"/>, which the endpoint calls
/// before anything looks at the connection again.
/// </summary>
internal sealed class PacketTrain(EndpointState state, PayloadKeeper keeper)
{
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>A run up to this length is copied, and is none for a train.</summary>
    private readonly int _copiedMax = keeper.CopiedMax;

    /// <summary>When all its packets arrive; <see cref="Instant.Never"/> while there is no train.</summary>
    private Instant _now = Instant.Never;

    private OrderedHead _next;
    private NodeId _source;
    private NodeId _destination;
    private EcnCodepoint _ecn;
    private Connection _connection = null!;
    private Path _path = null!;
    private FrameRegion _region = null!;
    private MemoryShare _memory = null!;
    private int _stream;
    private int _tail;
    private long _credit;

    /// <summary>Packets for which there are certainly frames and chunks: whatever happens before the train is settled gives back more of them.</summary>
    private int _room;
    private int _count;
    private long _bytes;

    /// <summary>Whether packets were taken in that nothing but the stream's bytes tells of yet.</summary>
    public bool IsOpen
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _now != Instant.Never;
    }

    /// <summary>A packet was taken in, and what follows it may be a train.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="path">The path that it came on.</param>
    /// <param name="index">Its stream.</param>
    /// <param name="frame">The packet, with one slice.</param>
    /// <param name="now">When it arrived.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Couple(Connection connection, Path path, int index, in LinkFrame frame, Instant now)
    {
        ref readonly PayloadSlice slice = ref frame.Payload[0];
        ref ReceiveHalf receive = ref state.Streams[index].Receive;
        _now = now;
        _connection = connection;
        _path = path;
        _stream = index;
        _memory = connection.Memory;
        _region = _frames.RegionOf(slice.Frame);
        _room = Math.Min(_frames.RoomFor(_region, _memory), _store.Chunks.FreeCount);
        _tail = receive.Ready.Tail;
        _next = OrderedHead.In(frame.Head);
        _next.Advance(slice.Length);
        _source = frame.Header.Source;
        _destination = frame.Header.Destination;
        _ecn = frame.Header.Ecn;
        _credit = (long)Math.Min(receive.Window.Limit - receive.Next, connection.Window.Limit - connection.Received);
    }

    /// <summary>Takes the frame in. False: it is not the next of the train, and nothing was done.</summary>
    public bool TryTake(in LinkFrame frame, Instant now)
    {
        if (now != _now || frame.Payload.Length != 1 || frame.Head.Length != OrderedHead.Size)
        {
            return false;
        }

        ref readonly LinkHeader link = ref frame.Header;
        ref readonly PayloadSlice slice = ref frame.Payload[0];
        FrameRegion region = _region;
        int length = slice.Length;
        if (!OrderedHead.In(frame.Head).IsSame(_next) || link.PayloadLength != (uint)(length + OrderedHead.Size)
            || link.Source != _source || link.Destination != _destination || link.Ecn != _ecn
            || length > _credit || length <= _copiedMax || _room == 0 || slice.Region != region.Number || !region.Contains(slice))
        {
            return false;
        }

        _frames.Adopt(region, slice, _memory);
        _tail = _store.LinkBehind(_tail, slice, _next.Position);
        _next.Advance(length);
        _credit -= length;
        _bytes += length;
        _room--;
        _count++;
        return true;
    }

    /// <summary>Uncouples the train: all that its packets come to is done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle()
    {
        if (IsOpen)
        {
            Arrive();
        }
    }

    private void Arrive()
    {
        Instant now = _now;
        _now = Instant.Never;
        if (_count == 0)
        {
            return;
        }

        Connection connection = _connection;
        Path path = _path;
        ref ReceiveHalf receive = ref state.Streams[_stream].Receive;
        receive.Ready.Tail = _tail;
        receive.Next += (ulong)_bytes;
        receive.Highest = receive.Next;
        receive.Buffered += (int)_bytes;
        connection.Received += (ulong)_bytes;
        connection.ReadyBytes += _bytes;
        path.BytesReceived += (ulong)_bytes + ((ulong)_count * (OrderedHead.Size + LinkHeader.Size));
        path.Received.RecordNext(_count, now, _ecn, path.Rtt.SmoothedNs);
        path.PacketsReceived += (uint)_count;
        state.PredictedReceived += (uint)_count;
        state.ReceivedInTrains += (uint)_count;
        _count = 0;
        _bytes = 0;
    }
}
