using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Connections;
using NexStream.Core.Events;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Stats;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core;

/// <summary>
/// The protocol, as a pure function of its inputs: it takes frames, application calls and timestamps, and gives back frames, events
/// and deadlines. After any batch of inputs drain <see cref="TryTransmit"/>, then <see cref="TryGetEvent"/>, then
/// <see cref="TryGetDeadline"/>, each until it answers false; nothing else ever needs polling. One thread at a time; no call blocks,
/// allocates or reads a clock; nothing that a peer sends makes one throw. A <c>now</c> before an earlier one counts as that one.
/// </summary>
public sealed class Endpoint
{
    /// <summary>Packets that one connection sends before the next one's turn.</summary>
    private const int BurstPackets = 16;

    private readonly EndpointState _state;
    private readonly ConnectionFactory _factory;
    private readonly StatelessAnswers _answers;
    private readonly Handshake _handshake;
    private readonly CloseSequence _closing;
    private readonly ReceivePath _receivePath;
    private readonly TransmitPath _transmitPath;
    private readonly TimerTable _timers;
    private readonly StreamTable _streamTable;
    private readonly StreamLifecycle _lifecycle;
    private readonly ReliableOrderedSender _orderedSender;
    private readonly ReliableOrderedReceiver _orderedReceiver;
    private readonly MessageSender _messageSender;
    private readonly MessageReceiver _messageReceiver;
    private ulong _malformed;
    private ulong _unknownTag;
    private int _burst;

    /// <summary>Makes an endpoint over an arena; everything that it will ever hold is made here.</summary>
    /// <param name="config">Limits and defaults.</param>
    /// <param name="arena">Its payload memory, for this endpoint alone.</param>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it.</exception>
    public Endpoint(EndpointConfig config, FrameArena arena)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(arena);
        config.Validate();
        _state = new EndpointState(config, arena, this);
        _answers = new StatelessAnswers(_state);
        _factory = new ConnectionFactory(_state);
        _factory.Check(config.Connection);
        _handshake = new Handshake(_state, _factory, _answers);
        _streamTable = new StreamTable(_state);
        var segments = new SegmentStore(_state);
        var outbound = new OutboundMessages(_state);
        var inbound = new InboundMessages(_state);
        _lifecycle = new StreamLifecycle(_state, _streamTable, segments, outbound, inbound);
        var control = new ControlWriter(_state, outbound);
        var writer = new SegmentWriter(_state, segments, control);
        _orderedSender = new ReliableOrderedSender(_state, segments, _lifecycle, outbound, writer);
        _messageSender = new MessageSender(_state, segments, _lifecycle, outbound, writer);
        var keeper = new PayloadKeeper(_state.Store);
        var reassembler = new Reassembler(_state.Store, keeper);
        _orderedReceiver = new ReliableOrderedReceiver(_state, _lifecycle, keeper, reassembler);
        _messageReceiver = new MessageReceiver(_state, _lifecycle, inbound, keeper, reassembler);
        var contents = new PacketContents(_state, segments, _lifecycle, outbound, _messageSender);
        var lossDetector = new LossDetector(_state, contents);
        _closing = new CloseSequence(_state, _lifecycle, lossDetector, _factory, _handshake);
        var streamFrames = new StreamFrameHandler(_state, _streamTable, _lifecycle, _orderedReceiver, _messageReceiver);
        _receivePath = new ReceivePath(_state, new AckProcessor(_state, contents, lossDetector), streamFrames, _handshake, _closing);
        _transmitPath = new TransmitPath(_state, control, _lifecycle, _orderedSender, _messageSender, new MtuProber(_state));
        _timers = new TimerTable(_state, lossDetector, _closing, _lifecycle, outbound, _messageSender, _orderedSender);
        _state.Events.StreamReleased = _lifecycle.Reap;
        _state.Events.ConnectionReleased = _closing.OnTold;
    }

    /// <summary>The endpoint's own frames.</summary>
    public FrameArena Arena => _state.Frames.Arena;

    /// <summary>The limits and defaults that it was made with.</summary>
    public EndpointConfig Config => _state.Config;

    /// <summary>The endpoint's node.</summary>
    public NodeId Node => _state.Config.Node;

    /// <summary>What the endpoint holds, and what it dropped outside any connection.</summary>
    public EndpointStatistics Statistics => new()
    {
        ConnectionCount = _state.ConnectionCount,
        HalfOpenCount = _state.HalfOpenCount,
        MalformedDropped = _malformed,
        UnknownTagDropped = _unknownTag,
        HandshakesRefused = _handshake.Refused,
        AnswersSuppressed = _answers.Suppressed,
        StreamCount = _state.Streams.Count,
        ArenaFree = Arena.FreeCount,
    };

    /// <summary>What the slabs hold, for tests.</summary>
    internal EndpointState State => _state;

    /// <summary>Makes the frames of a peer known, so that a link can hand over slices of them. Sets <see cref="FrameRegion.Number"/>.</summary>
    /// <exception cref="InvalidOperationException">The region is registered already, or all 256 numbers are in use.</exception>
    public void RegisterRegion(FrameRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        _state.Frames.Register(region);
    }

    /// <summary>Forgets a peer's frames. False: something still references them; try again later, and keep them mapped until then.</summary>
    public bool TryUnregisterRegion(FrameRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        return _state.Frames.TryUnregister(region);
    }

    /// <summary>A link read its last byte of a frame that a <see cref="Wire.Transmission"/> handed it: gives <paramref name="holds"/> references back.</summary>
    public void ReleaseFrame(uint frame, int holds = 1)
    {
        _state.Frames.Release(frame, holds);
        _state.Starved.Wake();
    }

    /// <summary>Opens a connection. An event tells when it is established, or that it ended.</summary>
    /// <returns><see cref="CallStatus.Ok"/>, or <see cref="CallStatus.LimitReached"/> when all connections of the endpoint are in use.</returns>
    public CallStatus Connect(NodeId remote, Instant now, out ConnectionHandle connection, ConnectionConfig? config = null)
    {
        config ??= _state.Config.Connection;
        _factory.Check(config);
        connection = default;
        if (_factory.CreateInitiator(remote, config, _state.Advance(now)) is not { } created)
        {
            return CallStatus.LimitReached;
        }

        connection = HandleOf(created);
        return CallStatus.Ok;
    }

    /// <summary>A frame came in. Takes ownership of every reference that comes with it, also when it drops the frame.</summary>
    public void Receive(in LinkFrame frame, Instant now)
    {
        now = _state.Advance(now);
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            if (_state.Frames.Contains(slice))
            {
                _state.Frames.OnReceived(slice.Frame);
            }
        }

        Dispatch(frame, now);
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            if (_state.Frames.Contains(slice))
            {
                _state.Frames.Release(slice.Frame);
            }
        }

        if (frame.HeadFrame != PayloadSlice.NoFrame)
        {
            _state.Frames.Release(frame.HeadFrame);
        }

        _state.Starved.Wake();
    }

    /// <summary>A deadline that <see cref="TryGetDeadline"/> announced has come. Calling it early or for a stale handle does no harm.</summary>
    public void HandleTimeout(ConnectionHandle connection, Instant now)
    {
        now = _state.Advance(now);
        if (Find(connection) is { } found)
        {
            found.AnnouncedDeadline = Instant.Never;
            _timers.OnTimeout(found, now);
            _state.Starved.Wake();
            _state.MarkDeadline(found);
        }
    }

    /// <summary>The next frame to send. False: none now.</summary>
    public bool TryTransmit(Instant now, Wire.Transmission transmission)
    {
        ArgumentNullException.ThrowIfNull(transmission);
        now = _state.Advance(now);
        _state.Poll.OnPoll(now);
        if (_answers.TryWrite(now, transmission))
        {
            return true;
        }

        while (_state.Ready.Count > 0)
        {
            Connection connection = _state.Connections[_state.Ready.Peek()];
            if (TryWriteNext(connection, now, transmission))
            {
                if (++_burst >= BurstPackets)
                {
                    _burst = 0;
                    _state.Ready.Enqueue(_state.Ready.Dequeue());
                }

                return true;
            }

            _burst = 0;
            _state.Ready.Dequeue();
            connection.InReadyList = false;
            _state.MarkDeadline(connection);
        }

        return false;
    }

    /// <summary>What happened. False: nothing (more).</summary>
    public bool TryGetEvent(out EndpointEvent item) => _state.Events.TryGet(out item);

    /// <summary>When a connection wants <see cref="HandleTimeout"/>, where that has changed. False: no (more) changes.</summary>
    public bool TryGetDeadline(out ConnectionDeadline deadline)
    {
        while (_state.Deadlines.Count > 0)
        {
            Connection connection = _state.Connections[_state.Deadlines.Dequeue()];
            connection.InDeadlineList = false;
            Instant at = TimerTable.Earliest(_state, connection, out TimerKind kind);
            if (at != connection.AnnouncedDeadline)
            {
                connection.AnnouncedDeadline = at;
                deadline = new ConnectionDeadline(HandleOf(connection), at, kind);
                return true;
            }
        }

        deadline = default;
        return false;
    }

    internal ConnectionHandle HandleOf(Connection connection) => new(this, connection.Index, connection.Generation);

    internal Connection? Find(in ConnectionHandle handle)
    {
        Connection connection = _state.Connections[handle.Index];
        return connection.Generation == handle.Generation && connection.LocalTag != 0 ? connection : null;
    }

    internal CallStatus OpenStream(in ConnectionHandle handle, in StreamConfig config, out StreamHandle stream)
    {
        stream = default;
        if (Find(handle) is not { } connection)
        {
            return CallStatus.Closed;
        }

        CallStatus status = _streamTable.TryOpen(connection, config, out int index);
        if (status == CallStatus.Ok)
        {
            stream = new StreamHandle(this, index, _state.Streams[index].Generation);
            _lifecycle.Request(index, StreamControl.Open);
        }

        return status;
    }

    internal CallStatus Close(in ConnectionHandle handle, ReasonCode reason, Instant now)
    {
        now = _state.Advance(now);
        if (Find(handle) is not { State: not ConnectionState.Closed } connection)
        {
            return CallStatus.Closed;
        }

        _closing.Begin(connection, reason, now);
        return CallStatus.Ok;
    }

    internal CallStatus Abort(in ConnectionHandle handle, ReasonCode reason, Instant now)
    {
        now = _state.Advance(now);
        if (Find(handle) is not { State: not ConnectionState.Closed } connection)
        {
            return CallStatus.Closed;
        }

        _closing.EndWith(connection, reason, now);
        return CallStatus.Ok;
    }

    internal ConnectionStatistics StatisticsOf(in ConnectionHandle handle) => Find(handle) is not { } connection ? default : new()
    {
        Path = connection.Path.Statistics(),
        StreamCount = connection.StreamCount,
        StreamsOpened = connection.StreamsOpened,
        Retransmissions = connection.Retransmissions,
        DroppedForMemory = connection.DroppedForMemory,
        AcknowledgementsSent = connection.AcknowledgementsSent,
        FramesHeld = _state.Frames.HeldBy(connection.Index),
    };

    internal uint StreamIdOf(in StreamHandle handle) => IsCurrent(handle) ? _state.Streams[handle.Index].Id : StreamId.ConnectionControl;

    internal bool IsReadable(in StreamHandle handle)
    {
        if (!IsCurrent(handle))
        {
            return false;
        }

        ref StreamState stream = ref _state.Streams[handle.Index];
        return !stream.Receive.Ready.IsEmpty || stream.ReceiveState == ReceiveState.DataReceived;
    }

    internal SendResult Send(in StreamHandle handle, ReadOnlySpan<byte> data, in SendOptions options)
    {
        if (!IsCurrent(handle) || _state.Streams[handle.Index].SendState != SendState.Open || !_state.Connections[_state.Streams[handle.Index].Connection].IsOpen)
        {
            return new SendResult(CallStatus.Closed);
        }

        return _state.Streams[handle.Index].IsMessageMode
            ? _messageSender.Send(handle.Index, data, options)
            : _orderedSender.Send(handle.Index, data, options);
    }

    internal ReceiveResult Receive(in StreamHandle handle, Span<byte> destination)
    {
        if (!IsCurrent(handle))
        {
            return new ReceiveResult { Status = CallStatus.Closed };
        }

        ref StreamState stream = ref _state.Streams[handle.Index];
        if (stream.Has(StreamFlags.Discarding) || stream.ReceiveState is ReceiveState.ResetReceived or ReceiveState.Ended)
        {
            bool isReset = stream.ReceiveReason != ReasonCode.None;
            return new ReceiveResult { Status = isReset ? CallStatus.Reset : CallStatus.Closed, Reason = stream.ReceiveReason };
        }

        Connection connection = _state.Connections[stream.Connection];
        ReceiveResult result = stream.IsMessageMode ? _messageReceiver.Read(handle.Index, destination) : _orderedReceiver.Read(handle.Index, destination);
        _state.Starved.Wake();
        if (connection.ClosePhase == ClosePhase.Readable)
        {
            _closing.Step(connection, _state.Now);
        }

        return result;
    }

    internal CallStatus Finish(in StreamHandle handle) =>
        IsCurrent(handle) && _lifecycle.TryFinish(handle.Index) ? CallStatus.Ok : CallStatus.Closed;

    internal CallStatus CloseStream(in StreamHandle handle)
    {
        if (!IsCurrent(handle))
        {
            return CallStatus.Closed;
        }

        _lifecycle.TryFinish(handle.Index);
        _lifecycle.StopReceiving(handle.Index, ReasonCode.None);
        return CallStatus.Ok;
    }

    internal CallStatus ResetStream(in StreamHandle handle, ReasonCode reason)
    {
        if (!IsCurrent(handle))
        {
            return CallStatus.Closed;
        }

        _lifecycle.TryResetSending(handle.Index, reason, tellApplication: false);
        _lifecycle.StopReceiving(handle.Index, reason);
        return CallStatus.Ok;
    }

    internal StreamStatistics StatisticsOf(in StreamHandle handle)
    {
        if (!IsCurrent(handle))
        {
            return default;
        }

        ref StreamState stream = ref _state.Streams[handle.Index];
        ulong first = _state.Connections[stream.Connection].Config.FirstSequence;
        return new StreamStatistics
        {
            Mode = stream.Mode,
            Sent = stream.Send.Window.Used - first,
            Queued = stream.Send.End - first,
            Received = stream.Receive.Window.Consumed - first,
            PacketsLost = stream.Send.PacketsLost,
            Retransmissions = stream.Send.Retransmissions,
            Expired = stream.Send.Expired,
            Dropped = stream.Receive.Dropped,
            SendBuffered = stream.Send.Buffered,
            ReceiveBuffered = stream.Receive.Buffered,
        };
    }

    /// <summary>A datagram must fit the slices of one packet, whatever part of a frame its first byte falls on.</summary>
    private bool IsCurrent(in StreamHandle handle)
    {
        ref StreamState stream = ref _state.Streams[handle.Index];
        return stream.Generation == handle.Generation && stream.Id != StreamId.ConnectionControl && !stream.Has(StreamFlags.Dead);
    }

    private bool TryWriteNext(Connection connection, Instant now, Wire.Transmission transmission)
    {
        if (_closing.TryWrite(connection, now, transmission))
        {
            return true;
        }

        return connection.State switch
        {
            ConnectionState.Init => Handshake.TryWriteInit(connection, now, transmission),
            ConnectionState.Closed => false,
            _ => connection.ClosePhase != ClosePhase.Readable && _transmitPath.TryWrite(connection, now, transmission),
        };
    }

    private void Dispatch(in LinkFrame frame, Instant now)
    {
        if (frame.Header.Destination != _state.Config.Node || !PacketHeader.TryRead(frame.Head, out PacketHeader header) || !HasValidPayload(frame))
        {
            _malformed++;
            return;
        }

        if (header.Tag == 0)
        {
            var reader = new FrameReader(frame.Head[PacketHeader.Size..]);
            if (reader.TryRead(out RawFrame first))
            {
                _handshake.OnInit(frame.Header, header, first, frame.Head.Length + LinkHeader.Size, now);
            }
            else
            {
                _malformed++;
            }

            return;
        }

        if (_factory.FindByTag(header.Tag) is { } connection)
        {
            _receivePath.Process(connection, frame, header, now);
            return;
        }

        _unknownTag++;
        OnUnknownTag(frame, header, now);
    }

    /// <summary>A tag that names nothing here: either our own, reflected by a peer that forgot the connection, or one that we forgot.</summary>
    private void OnUnknownTag(in LinkFrame frame, in PacketHeader header, Instant now)
    {
        var reader = new FrameReader(frame.Head[PacketHeader.Size..]);
        bool isRead = reader.TryRead(out RawFrame first);
        if (!isRead || first.Type is not (FrameType.ConnClose or FrameType.ConnCloseAck))
        {
            _answers.Reflect(frame.Header, header.Tag, now);
            return;
        }

        // Closing frames are never answered, so that no two endpoints can keep each other busy.
        if (first.Type == FrameType.ConnClose && Wire.Frames.ConnCloseFrame.TryRead(first, out Wire.Frames.ConnCloseFrame close)
            && close.IsReflected && _factory.FindByPeer(frame.Header.Source, header.Tag) is { State: not ConnectionState.Closed } connection)
        {
            _closing.OnUnknown(connection, now);
        }
    }

    private bool HasValidPayload(in LinkFrame frame)
    {
        int length = frame.Head.Length;
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            if (!_state.Frames.Contains(slice))
            {
                return false;
            }

            length += slice.Length;
        }

        return length == frame.Header.PayloadLength;
    }
}
