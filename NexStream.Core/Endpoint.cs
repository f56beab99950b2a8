using System.Runtime.CompilerServices;
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
using NexStream.Core.Tracing;
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
    private readonly PacketTrain _train;
    private readonly FrameDispatcher _dispatcher;
    private readonly TransmitPath _transmitPath;
    private readonly TimerTable _timers;
    private readonly Migration _migration;
    private readonly StreamTable _streamTable;
    private readonly StreamLifecycle _lifecycle;
    private readonly Loans _loans;
    private readonly ConnectionCalls _calls;
    private readonly StreamCalls _streamCalls;
    private readonly EndpointTrace? _trace;
    private int _burst;

    /// <summary>Makes an endpoint over an arena; everything that it will ever hold is made here.</summary>
    /// <param name="config">Limits and defaults.</param>
    /// <param name="arena">Its payload memory, for this endpoint alone.</param>
    /// <param name="recorder">Writes down everything that is done with the endpoint; null: nobody does.</param>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it.</exception>
    public Endpoint(EndpointConfig config, FrameArena arena, TraceRecorder? recorder = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(arena);
        config.Validate();
        _state = new EndpointState(config, arena, this);
        _answers = new StatelessAnswers(_state);
        var pathFactory = new PathFactory(_state);
        _factory = new ConnectionFactory(_state, pathFactory);
        _factory.Check(config.Connection);
        _handshake = new Handshake(_state, _factory, _answers);
        var probabilisticStreams = new ProbabilisticStreams(_state);
        _streamTable = new StreamTable(_state, probabilisticStreams);
        var segments = new SegmentStore(_state);
        var sendBuffer = new OrderedSendBuffer(_state);
        var outbound = new OutboundMessages(_state);
        var inbound = new InboundMessages(_state);
        _lifecycle = new StreamLifecycle(_state, _streamTable, segments, sendBuffer, outbound, inbound, probabilisticStreams);
        var control = new ControlWriter(_state, outbound);
        var writer = new SegmentWriter(_state, segments, control);
        var orderedSender = new ReliableOrderedSender(_state, sendBuffer, _lifecycle, outbound, writer);
        var probabilisticSender = new ProbabilisticSender(_state, _lifecycle, outbound, probabilisticStreams);
        var datagrams = new DatagramSender(_state, _lifecycle, outbound, writer, probabilisticSender);
        var messageSender = new MessageSender(_state, segments, _lifecycle, outbound, writer, datagrams);
        var keeper = new PayloadKeeper(_state.Store);
        var reassembler = new Reassembler(_state.Store, keeper);
        var orderedReceiver = new ReliableOrderedReceiver(_state, _lifecycle, keeper, reassembler);
        var messageReceiver = new MessageReceiver(_state, _lifecycle, inbound, keeper, new MessageAssembler(_state.Store, keeper, reassembler));
        var probabilisticReceiver = new ProbabilisticReceiver(_state, _lifecycle, messageReceiver, probabilisticStreams, keeper);
        var contents = new PacketContents(_state, segments, sendBuffer, _lifecycle, outbound, messageSender);
        var lossDetector = new LossDetector(_state, contents);
        _migration = new Migration(_state, _factory, pathFactory, lossDetector);
        var paths = new PathLifecycle(_state, pathFactory, lossDetector);
        var liveness = new PathLiveness(_state, pathFactory, lossDetector);
        _closing = new CloseSequence(_state, _lifecycle, lossDetector, _factory, _handshake);
        var streamFrames = new StreamFrameHandler(_state, _streamTable, _lifecycle, orderedReceiver, messageReceiver, probabilisticReceiver);
        var run = new ArrivingRun(_state, keeper);
        var messageRun = new ArrivingMessages(_state, inbound, probabilisticReceiver, keeper);
        var fragmentRun = new ArrivingFragments(_state, keeper);
        var predictedMessages = new PredictedMessages(_state, inbound, probabilisticReceiver);
        var predictedFragments = new PredictedFragments(_state, inbound, messageReceiver, fragmentRun);
        var predictedData = new PredictedData(_state, _streamTable, keeper, reassembler, predictedMessages, predictedFragments, run, messageRun);
        _train = new PacketTrain(_state, predictedData, run, messageRun, fragmentRun);
        var predictedReceive = new PredictedReceive(_state, pathFactory, predictedData, _train);
        var receivePath = new ReceivePath(_state, new AckProcessor(_state, contents, lossDetector, liveness), streamFrames, _handshake, _closing, _migration, paths, liveness);
        _dispatcher = new FrameDispatcher(_state, _factory, pathFactory, _answers, _handshake, _closing, predictedReceive, receivePath);
        var packets = new PacketWriter(
            _state, control, new PathControlWriter(_state), _lifecycle, orderedSender, messageSender, writer, new MtuProber(_state), _migration);
        var messageTurn = new MessageTurn(_state, segments, outbound, new FragmentTurn(_state, segments));
        var predictedTransmit = new PredictedTransmit(_state, sendBuffer, messageTurn, new ProbabilisticTurn(_state, outbound, probabilisticSender));
        _transmitPath = new TransmitPath(
            _state, packets, predictedTransmit, new MultipathTransmit(_state, packets, new PathChooser(_state), predictedTransmit, lossDetector), lossDetector);
        _loans = new Loans(_state.Frames);
        var zeroCopySender = new ZeroCopySender(_state, _loans, outbound, orderedSender, messageSender);
        var zeroCopyReceiver = new ZeroCopyReceiver(_state, _loans, orderedReceiver, messageReceiver);
        _streamCalls = new StreamCalls(
            _state, _lifecycle, orderedSender, orderedReceiver, messageSender, messageReceiver, zeroCopySender, zeroCopyReceiver, probabilisticSender, _closing);
        _calls = new ConnectionCalls(_state, _closing, paths);
        _timers = new TimerTable(_state, lossDetector, _closing, _lifecycle, outbound, messageSender, orderedSender, probabilisticSender, probabilisticReceiver, paths, liveness);
        _state.Events.StreamReleased = _lifecycle.Reap;
        _state.Events.ConnectionReleased = OnConnectionTold;
        _trace = recorder?.Attach(config, _state.Frames);
        Trace = _trace?.Streams;
    }

    /// <summary>The endpoint's own frames.</summary>
    public FrameArena Arena => _state.Frames.Arena;

    /// <summary>The limits and defaults that it was made with.</summary>
    public EndpointConfig Config => _state.Config;

    /// <summary>The endpoint's node.</summary>
    public NodeId Node => _state.Node;

    /// <summary>What the endpoint holds, and what it dropped outside any connection.</summary>
    public EndpointStatistics Statistics => new()
    {
        ConnectionCount = _state.ConnectionCount,
        HalfOpenCount = _state.HalfOpenCount,
        MalformedDropped = _dispatcher.Malformed,
        UnknownTagDropped = _dispatcher.UnknownTag,
        HandshakesRefused = _handshake.Refused,
        AnswersSuppressed = _answers.Suppressed,
        StreamCount = _state.Streams.Count,
        ArenaFree = Arena.FreeCount,
    };

    /// <summary>Who sees what the host is told, besides the host; null: nobody.</summary>
    public IEndpointObserver? Observer { get; set; }

    /// <summary>What the slabs hold, for tests.</summary>
    internal EndpointState State
    {
        get
        {
            _train.Settle();
            return _state;
        }
    }

    /// <summary>What stands behind the handles of connections.</summary>
    internal ConnectionCalls Calls
    {
        get
        {
            _train.Settle();
            return _calls;
        }
    }

    /// <summary>What stands behind the handles of streams.</summary>
    internal StreamCalls StreamCalls
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            _train.Settle();
            return _streamCalls;
        }
    }

    /// <summary>Records the calls of handles; null where nothing is recorded.</summary>
    internal StreamTrace? Trace { get; }

    /// <summary>Makes the frames of a peer known, so that a link can hand over slices of them. Sets <see cref="FrameRegion.Number"/>.</summary>
    /// <exception cref="InvalidOperationException">The region is registered already, or all 256 numbers are in use.</exception>
    public void RegisterRegion(FrameRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        _train.Settle();
        _trace?.RegisterRegion(region);
        _state.Frames.Register(region);
        _trace?.OnRegistered(region);
    }

    /// <summary>Forgets a peer's frames. False: something still references them; try again later, and keep them mapped until then.</summary>
    public bool TryUnregisterRegion(FrameRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        _train.Settle();
        return _trace is null ? _state.Frames.TryUnregister(region) : _trace.UnregisterRegion(region);
    }

    /// <summary>A link read its last byte of a frame that a <see cref="Wire.Transmission"/> handed it: gives <paramref name="holds"/> references back.</summary>
    /// <param name="frame">The <see cref="PayloadSlice.Frame"/> of a slice that was sent.</param>
    /// <param name="holds">For how many slices of it; at least 1.</param>
    /// <exception cref="ArgumentException">There is no such frame in the arena, nor in a registered region.</exception>
    /// <exception cref="InvalidOperationException">The frame was released more often than it was held.</exception>
    public void ReleaseFrame(uint frame, int holds = 1)
    {
        _trace?.ReleaseFrame(frame, holds);
        _state.Frames.ReleaseForHost(frame, holds);
        _state.Starved.Wake();
    }

    /// <summary>The memory that a slice names: a lease to write into, received payload to read, or what a <see cref="Wire.Transmission"/> sends.</summary>
    /// <param name="slice">A slice of the own arena or of a registered region.</param>
    /// <returns>Valid until the slice is returned or sent. Only a lease may be written: a peer's memory is mapped read-only, and writing there ends the process.</returns>
    /// <exception cref="ArgumentException">The slice does not lie inside a frame of a registered region.</exception>
    public Span<byte> Bytes(in PayloadSlice slice) => _loans.Bytes(slice);

    /// <summary>
    /// Gives back slices of <see cref="StreamHandle.ReceiveZeroCopy"/> that were read, and leases of <see cref="StreamHandle.TryLease"/> that are not used,
    /// in any order, also after their stream or connection ended: until then they occupy the arena, or the peer's.
    /// </summary>
    /// <param name="slices">Each as often as it was handed out. A part of a slice stands for all of it.</param>
    /// <exception cref="ArgumentException">One is none that the application holds. The message says which and why; none was taken.</exception>
    public void Return(ReadOnlySpan<PayloadSlice> slices)
    {
        _trace?.Return(slices);
        _loans.Return(slices);
        _state.Starved.Wake();
        _trace?.OnReturned();
    }

    /// <summary>Opens a connection. An event tells when it is established, or that it ended.</summary>
    /// <param name="remote">The peer's node.</param>
    /// <param name="now">The present.</param>
    /// <param name="connection">The connection, when the answer is <see cref="CallStatus.Ok"/>.</param>
    /// <param name="config">Its settings; null: those of <see cref="EndpointConfig.Connection"/>.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>, or <see cref="CallStatus.LimitReached"/>: all connections of the endpoint are in use. A connection comes free after its
    /// <see cref="EventKind.ConnectionClosed"/> was fetched and what came late was answered; no event tells of that.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// A setting of <paramref name="config"/> is out of its range, or names a congestion controller or a path scheduler that the endpoint does not have. The message
    /// names the setting.
    /// </exception>
    public CallStatus Connect(NodeId remote, Instant now, out ConnectionHandle connection, ConnectionConfig? config = null)
    {
        _trace?.Connect(remote, now, config);
        _train.Settle();
        config ??= _state.Config.Connection;
        _factory.Check(config);
        Connection? created = _factory.CreateInitiator(remote, config, _state.Advance(now));
        connection = created is null ? default : HandleOf(created);
        CallStatus status = created is null ? CallStatus.LimitReached : CallStatus.Ok;
        _trace?.OnConnected(status, connection);
        return status;
    }

    /// <summary>
    /// This endpoint is another node from now on: it moved, or its address was taken away. Connections go on, no stream is closed; peers move when the new node has
    /// proved itself, after about a round trip (RFC 9000 §9). Frames for the former node are still read.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="node"/> is zeros, which stand for no node.</exception>
    public void ChangeNode(NodeId node, Instant now)
    {
        EndpointConfig.CheckNode(node, nameof(node));
        _trace?.ChangeNode(node, now);
        _train.Settle();
        now = _state.Advance(now);
        _state.FormerNode = _state.Node;
        _state.Node = node;
        foreach (Connection connection in _state.Connections)
        {
            if (connection.LocalTag != 0)
            {
                _migration.OnLocalChange(connection, now);
            }
        }
    }

    /// <summary>A frame came in. Takes ownership of every reference that comes with it, also when it drops the frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Receive(in LinkFrame frame, Instant now)
    {
        _trace?.Receive(frame, now);
        now = _state.Advance(now);
        if (!_train.TryTake(frame, now))
        {
            _train.Settle();
            _dispatcher.Receive(frame, now);
        }
    }

    /// <summary>
    /// A deadline that <see cref="TryGetDeadline"/> announced has come. Calling it early or for a stale handle does no harm, and for a handle that is not of this
    /// endpoint nothing happens.
    /// </summary>
    public void HandleTimeout(ConnectionHandle connection, Instant now)
    {
        // The only call of an endpoint that takes a handle, which may be another's: its index and generation say nothing here. Nor is it recorded, since a replay knows
        // this endpoint's handles only.
        if (!connection.IsOf(this))
        {
            return;
        }

        _trace?.HandleTimeout(connection, now);
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
        return Transmit(now, new ReadOnlySpan<Wire.Transmission>(in transmission)) > 0;
    }

    /// <summary>The next frames to send, in one call what as many calls of <see cref="TryTransmit"/> would give.</summary>
    /// <param name="now">The present.</param>
    /// <param name="burst">A place for each; 16 are as many as one connection sends in a row.</param>
    /// <returns>How many were filled, from the first on. Fewer than there are places: no more now.</returns>
    public int Transmit(Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        _trace?.Transmit(now, burst.Length);
        _train.Settle();
        now = _state.Advance(now);
        _state.Poll.OnPoll(now);
        int written = 0;
        while (written < burst.Length && !_answers.IsEmpty && _answers.TryWrite(now, burst[written]))
        {
            written++;
        }

        while (written < burst.Length && _state.Ready.Count > 0)
        {
            Connection connection = _state.Connections[_state.Ready.Peek()];
            int left = burst.Length - written;
            int count = WriteNext(connection, now, burst.Slice(written, _state.Ready.Count == 1 ? left : Math.Min(left, BurstPackets - _burst)));
            if (count > 0)
            {
                written += count;
                _burst += count;
                if (_burst >= BurstPackets)
                {
                    _burst = 0;
                    _state.Ready.Enqueue(_state.Ready.Dequeue());
                }

                continue;
            }

            _burst = 0;
            _state.Ready.Dequeue();
            connection.InReadyList = false;
            _state.MarkDeadline(connection);
        }

        _trace?.OnTransmitted(burst[..written]);
        return written;
    }

    /// <summary>What happened. False: nothing (more).</summary>
    public bool TryGetEvent(out EndpointEvent item)
    {
        _train.Settle();
        bool isThere = _trace is null ? _state.Events.TryGet(out item) : _trace.TakeEvent(_state.Events, out item);
        (isThere ? Observer : null)?.OnEvent(item);
        return isThere;
    }

    /// <summary>When a connection wants <see cref="HandleTimeout"/>, where that has changed. False: no (more) changes.</summary>
    public bool TryGetDeadline(out ConnectionDeadline deadline)
    {
        _trace?.TakeDeadline();
        _train.Settle();
        while (_state.Deadlines.Count > 0)
        {
            Connection connection = _state.Connections[_state.Deadlines.Dequeue()];
            connection.InDeadlineList = false;
            Instant at = TimerTable.Earliest(_state, connection, out TimerKind kind);
            if (at != connection.AnnouncedDeadline)
            {
                connection.AnnouncedDeadline = at;
                deadline = new ConnectionDeadline(HandleOf(connection), at, kind);
                _trace?.OnDeadline(deadline);
                return true;
            }
        }

        deadline = default;
        return false;
    }

    internal ConnectionHandle HandleOf(Connection connection) => new(this, connection.Index, connection.Generation);

    internal Connection? Find(in ConnectionHandle handle)
    {
        _train.Settle();
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
            if (config.Delivery is { } delivery)
            {
                StreamCalls.SetDelivery(stream, delivery);
            }

            Observer?.OnStreamOpened(handle, stream);
        }

        return status;
    }

    internal ConnectionStatistics StatisticsOf(in ConnectionHandle handle) =>
        Find(handle)?.Statistics(_state.Frames.HeldBy(handle.Index)) ?? default;

    private void OnConnectionTold(Connection connection)
    {
        Observer?.OnConnectionEnding(HandleOf(connection));
        _closing.OnTold(connection);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int WriteNext(Connection connection, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        if (connection.HasCloseFrame)
        {
            _closing.Write(connection, now, burst[0]);
            return 1;
        }

        return connection.State switch
        {
            ConnectionState.Init => Handshake.TryWriteInit(connection, now, burst[0]) ? 1 : 0,
            ConnectionState.Closed => 0,
            _ => connection.ClosePhase != ClosePhase.Readable ? _transmitPath.Write(connection, now, burst) : 0,
        };
    }
}
