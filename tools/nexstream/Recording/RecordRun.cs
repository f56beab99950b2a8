using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Replay;
using NexStream.Tool.Demo;
using NexStream.Tool.Impairment;

namespace NexStream.Tool.Recording;

/// <summary>Two endpoints with their drivers over an imitated network, in real time: all four modes at a steady rate, made up by a generator, and every call recorded.</summary>
internal sealed class RecordRun : IDisposable
{
    private const int RingCapacity = 1024;
    private const long SleepMaxNs = Instant.Millisecond;

    /// <summary>After the last byte was sent: what was lost is sent again, and the connection closes.</summary>
    private const long LingerNs = 10 * Instant.Second;

    /// <summary>A NexLink frame: what a network carries, not what memory does.</summary>
    private const int FrameLengthMax = 1500;

    // Half of the bytes are a stream, the others are messages: of many packets, and of one.
    private const double OrderedShare = 0.5;
    private const double MessageShare = (1 - OrderedShare) / 3;
    private const int OrderedBytes = 4096;
    private const int MessageBytes = 16 * 1024;
    private const int DatagramBytes = 1024;
    private const double Probability = 0.99;

    private static readonly NodeId s_clientNode = new(0x7EC0, 1);
    private static readonly NodeId s_serverNode = new(0x7EC0, 2);

    private readonly RecordOptions _options;
    private readonly LinkLibrary _library;
    private readonly TracePair _traces;
    private readonly DemoNode _client;
    private readonly DemoNode _server;
    private readonly NetworkRelay _relay;
    private readonly PatternFlow[] _flows;
    private readonly List<string> _failures = [];
    private ConnectionHandle _connection;
    private Instant _established = Instant.Never;
    private ulong _packetsLost;
    private int _closed;

    /// <exception cref="LinkException">There is no such link here.</exception>
    /// <exception cref="IOException">The traces cannot be made.</exception>
    public RecordRun(RecordOptions options)
    {
        _options = options;
        _library = LinkLibrary.Load(options.Link);
        var pattern = new WordPattern(options.Seed);
        _traces = new TracePair(options.Directory, options.Detail, [pattern]);
        _client = new DemoNode(_library, s_clientNode, options.Seed, _traces.Client, FrameLengthMax, options.Congestion);
        _server = new DemoNode(_library, s_serverNode, unchecked(options.Seed + 1), _traces.Server, FrameLengthMax, options.Congestion);
        _relay = new NetworkRelay(_library, _client.Memory, _server.Memory, RingCapacity, FrameLengthMax, options.Impairment, options.Seed);
        _client.Driver.AttachLink(_relay.EndA, s_serverNode);
        _server.Driver.AttachLink(_relay.EndB, s_clientNode);
        double bytesPerNs = options.BytesPerS / Instant.Second;
        _flows =
        [
            new PatternFlow(TransportMode.ReliableOrdered, OrderedBytes, bytesPerNs * OrderedShare, pattern),
            new PatternFlow(TransportMode.ReliableUnordered, MessageBytes, bytesPerNs * MessageShare, pattern),
            new PatternFlow(TransportMode.BestEffort, DatagramBytes, bytesPerNs * MessageShare, pattern),
            new PatternFlow(TransportMode.Probabilistic, DatagramBytes, bytesPerNs * MessageShare, pattern),
        ];
    }

    /// <summary>Runs to the end.</summary>
    /// <param name="stop">Ends the run early; what was recorded until then is kept.</param>
    public RecordResult Run(CancellationToken stop)
    {
        Instant start = MonotonicClock.Now;
        Instant now = start;
        Instant giveUp = start + _options.DurationNs + LingerNs;
        _client.Endpoint.Connect(s_serverNode, start, out _connection);
        bool isClosing = false;
        while (_closed < 2 && now < giveUp)
        {
            now = Turn(stop.IsCancellationRequested);
            if (!isClosing && (_flows.All(flow => flow.IsDone) || stop.IsCancellationRequested))
            {
                isClosing = true;
                _packetsLost = _connection.Statistics.Path.PacketsLost;
                _connection.Close(now);
            }
        }

        Judge(stop);
        _traces.Dispose();
        return new RecordResult(
            _failures.Count == 0,
            _library.Description,
            (now - start) / (double)Instant.Second,
            _flows.Sum(flow => flow.Sent),
            _flows.Sum(flow => flow.Delivered),
            _packetsLost,
            [
                new RecordedTrace(_traces.ClientPath, _traces.Client.BytesWritten, _traces.Client.InputCount),
                new RecordedTrace(_traces.ServerPath, _traces.Server.BytesWritten, _traces.Server.InputCount),
            ],
            _failures);
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _relay.Dispose();
        _traces.Dispose();
    }

    private Instant Turn(bool isStopped)
    {
        Instant now = MonotonicClock.Now;
        bool worked = _client.Driver.Poll(now);
        worked |= _relay.Poll(now);
        worked |= _server.Driver.Poll(now);
        worked |= TakeEvents(_client.Endpoint, now) | TakeEvents(_server.Endpoint, now);
        if (_established != Instant.Never)
        {
            bool isOver = isStopped || now - _established >= _options.DurationNs;
            foreach (PatternFlow flow in _flows)
            {
                worked |= flow.Send(now - _established, isOver) | flow.Receive();
            }
        }

        if (!worked)
        {
            Instant wake = Instant.Min(_server.Driver.NextDeadline, _relay.NextArrival);
            _client.Driver.Wait(now, wake == Instant.Never ? SleepMaxNs : Math.Clamp(wake - now, 0, SleepMaxNs));
        }

        return now;
    }

    private bool TakeEvents(Endpoint endpoint, Instant now)
    {
        bool any = false;
        while (endpoint.TryGetEvent(out EndpointEvent item))
        {
            any = true;
            switch (item.Kind)
            {
                case EventKind.ConnectionEstablished:
                    Open(now);
                    break;
                case EventKind.StreamOpened:
                    _flows.First(flow => flow.Mode == item.Stream.Mode).Receiver = item.Stream;
                    break;
                case EventKind.ConnectionClosed:
                    _closed++;
                    break;
                default:
                    break;
            }
        }

        return any;
    }

    private void Open(Instant now)
    {
        _established = now;
        foreach (PatternFlow flow in _flows)
        {
            ProbabilisticConfig? delivery = flow.Mode == TransportMode.Probabilistic ? new ProbabilisticConfig(Probability) : null;
            CallStatus status = _connection.OpenStream(new StreamConfig(flow.Mode, Delivery: delivery), out StreamHandle stream);
            flow.Sender = stream;
            if (status != CallStatus.Ok)
            {
                _failures.Add($"A stream for {flow.Mode} could not be opened: {status}.");
            }
        }
    }

    private void Judge(CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            _failures.Add("The run was interrupted.");
            return;
        }

        foreach (PatternFlow flow in _flows)
        {
            if (!flow.IsDone || flow.Wrong != 0 || flow.Delivered == 0 || (flow.IsReliable && flow.Delivered != flow.Sent))
            {
                _failures.Add($"{flow.Mode}: {flow.Delivered} of {flow.Sent} bytes arrived, {flow.Wrong} pieces were wrong{(flow.IsDone ? string.Empty : ", and the end did not come")}.");
            }
        }
    }
}
