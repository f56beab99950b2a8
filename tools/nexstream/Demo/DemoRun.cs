using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tool.Impairment;
using NexStream.Tool.Output;
using NexStream.Tool.Recording;

namespace NexStream.Tool.Demo;

/// <summary>Two endpoints in one process, one thread that polls both in turn, and work in all four modes at once over one connection.</summary>
internal sealed class DemoRun : IDisposable
{
    private const int RingCapacity = 1024;

    /// <summary>Turns without work before the thread sleeps: about the time in which a busy peer answers.</summary>
    private const int IdleTurnsMax = 64;

    private const long SleepMaxNs = Instant.Millisecond;

    // A share is shown over four seconds at 10,000 samples a second, and counts from the second on.
    private const long SharedNs = 4 * Instant.Second;
    private const int SharedSamples = 40_000;
    private const int SharedFirst = 10_000;

    private static readonly NodeId s_clientNode = new(0xDE70, 1);
    private static readonly NodeId s_serverNode = new(0xDE70, 2);

    private readonly DemoOptions _options;
    private readonly LinkLibrary _library;
    private readonly DemoNode _client;
    private readonly DemoNode _server;
    private readonly NetworkRelay? _relay;
    private readonly TracePair? _traces;
    private readonly FileTraffic? _file;
    private readonly ITraffic[] _traffic;
    private readonly List<string> _failures = [];
    private ConnectionHandle _connection;
    private bool _isEstablished;
    private int _closed;
    private int _idleTurns;
    private long _rttNs;
    private Instant _start;

    /// <summary>Prepares a run.</summary>
    /// <exception cref="LinkException">There is no such link here.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public DemoRun(DemoOptions options)
    {
        _options = options;
        _library = LinkLibrary.Load(options.Link);
        _file = options.Mode is null or TransportMode.ReliableOrdered ? new FileTraffic(ContentSource.Open(options.File, options.ContentBytes, options.Seed)) : null;
        _traces = options.Record is null ? null : new TracePair(options.Record, TraceDetail.Hashes);
        _client = new DemoNode(_library, s_clientNode, options.Seed, _traces?.Client);
        _server = new DemoNode(_library, s_serverNode, unchecked(options.Seed + 1), _traces?.Server);
        _relay = Join();
        _traffic = [.. MakeTraffic().Where(traffic => options.Mode is null || traffic.Mode == options.Mode)];
    }

    private IEnumerable<ITraffic> MakeTraffic()
    {
        if (_file is not null)
        {
            yield return _file;
        }

        // Beside a file, as far as that has come.
        Func<double>? pace = _file is null ? null : () => _file.Progress;
        yield return new MessageTraffic(TransportMode.ReliableUnordered, "gradients", _options.Gradients, _options.GradientBytes, _options.Seed);
        yield return new MessageTraffic(TransportMode.BestEffort, "telemetry", _options.Telemetry, _options.TelemetryBytes, _options.Seed, pace);
        yield return _options.ShowsProbability
            ? new MessageTraffic(
                TransportMode.Probabilistic, "samples", SharedSamples, _options.SampleBytes, _options.Seed,
                () => (MonotonicClock.Now - _start) / (double)SharedNs, _options.Probability, SharedFirst)
            : new MessageTraffic(TransportMode.Probabilistic, "samples", _options.Samples, _options.SampleBytes, _options.Seed, pace, _options.Probability);
    }

    /// <summary>Runs to the end or to the time limit.</summary>
    /// <param name="progress">Told now and then how far it is.</param>
    /// <param name="stop">Ends the run early, which then has failed.</param>
    public DemoResult Run(IProgressView progress, CancellationToken stop)
    {
        Instant start = MonotonicClock.Now;
        _start = start;
        Instant end = start + _options.TimeLimitNs;
        int[] bars = [.. _traffic.Select(traffic => progress.Add(NameOf(traffic.Mode)))];
        _client.Endpoint.Connect(s_serverNode, start, out _connection);
        Instant now = start;
        while (!_traffic.All(traffic => traffic.IsFinished) && _failures.Count == 0 && now < end && !stop.IsCancellationRequested)
        {
            now = Turn();
            for (int i = 0; i < bars.Length && progress.IsDue(now); i++)
            {
                progress.Report(bars[i], _traffic[i].Progress);
            }
        }

        Instant finished = now;
        if (now >= end)
        {
            _failures.Add($"The work was not done after {_options.TimeLimitNs / Instant.Second} s.");
        }
        else if (stop.IsCancellationRequested)
        {
            _failures.Add("The run was interrupted.");
        }

        _connection.Close(now);
        for (Instant lingerEnd = now + (2 * Instant.Second); _closed < 2 && now < lingerEnd;)
        {
            now = Turn();
        }

        _failures.AddRange(_traffic.SelectMany(traffic => traffic.Failures()));
        return new DemoResult
        {
            Ok = _failures.Count == 0,
            Link = _library.Description,
            Seed = _options.Seed,
            Impaired = _relay is not null,
            Modes = [.. _traffic.Select(traffic => traffic.Result())],
            Sha256Sent = _file?.Sha256Sent ?? string.Empty,
            Sha256Received = _file?.Sha256Received ?? string.Empty,
            Seconds = (finished - start) / (double)Instant.Second,
            RttMs = _rttNs / (double)Instant.Millisecond,
            Failures = _failures,
        };
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _relay?.Dispose();
        _traces?.Dispose();
        _file?.Dispose();
    }

    private static string NameOf(TransportMode mode) => mode switch
    {
        TransportMode.ReliableOrdered => "RO file",
        TransportMode.ReliableUnordered => "RU gradients",
        TransportMode.BestEffort => "BE telemetry",
        _ => "PR samples",
    };

    private NetworkRelay? Join()
    {
        if (_options.Impairment.IsNone)
        {
            (Link a, Link b) = _library.CreateLoop(_client.Memory, _server.Memory, RingCapacity);
            _client.Driver.AttachLink(a, s_serverNode);
            _server.Driver.AttachLink(b, s_clientNode);
            return null;
        }

        NetworkRelay relay = new(_library, _client.Memory, _server.Memory, RingCapacity, DemoNode.FrameLengthMax, _options.Impairment, _options.Seed);
        _client.Driver.AttachLink(relay.EndA, s_serverNode);
        _server.Driver.AttachLink(relay.EndB, s_clientNode);
        return relay;
    }

    /// <summary>One turn of everything, and a rest when nothing is to be done. Returns the time of the turn.</summary>
    private Instant Turn()
    {
        Instant now = MonotonicClock.Now;
        bool worked = _client.Driver.Poll(now);
        worked |= _relay?.Poll(now) ?? false;
        worked |= _server.Driver.Poll(now);
        worked |= TakeEvents(_client.Endpoint) | TakeEvents(_server.Endpoint);
        if (_isEstablished)
        {
            foreach (ITraffic traffic in _traffic)
            {
                worked |= traffic.Send(now) | traffic.Receive(now);
            }
        }

        _idleTurns = worked ? 0 : _idleTurns + 1;
        if (_idleTurns > IdleTurnsMax)
        {
            Instant wake = Instant.Min(_server.Driver.NextDeadline, _relay?.NextArrival ?? Instant.Never);
            _client.Driver.Wait(now, wake == Instant.Never ? SleepMaxNs : Math.Clamp(wake - now, 0, SleepMaxNs));
        }

        return now;
    }

    private bool TakeEvents(Endpoint endpoint)
    {
        bool any = false;
        while (endpoint.TryGetEvent(out EndpointEvent item))
        {
            any = true;
            switch (item.Kind)
            {
                case EventKind.ConnectionEstablished:
                    Open();
                    break;
                case EventKind.StreamOpened:
                    _traffic.FirstOrDefault(traffic => traffic.Mode == item.Stream.Mode)?.OnAccepted(item.Stream);
                    break;
                case EventKind.StreamStopped when item.Reason != ReasonCode.None:
                    _failures.Add($"A stream was stopped: {item.Reason}.");
                    break;
                case EventKind.ConnectionClosing:
                    _rttNs = _connection.Statistics.Path.SmoothedRttNs;
                    break;
                case EventKind.ConnectionClosed:
                    _closed++;
                    if (!_traffic.All(traffic => traffic.IsFinished))
                    {
                        _failures.Add($"The connection ended early: {item.Reason}.");
                    }

                    break;
                default:
                    break;
            }
        }

        return any;
    }

    private void Open()
    {
        _isEstablished = true;
        foreach (ITraffic traffic in _traffic)
        {
            // Telemetry and samples are few and late ones are of little use: they go before the bulk.
            byte priority = traffic.Mode is TransportMode.BestEffort or TransportMode.Probabilistic ? (byte)12 : (byte)8;
            bool isProbable = traffic.Mode == TransportMode.Probabilistic && _options.Probability is not null;
            var config = new StreamConfig(
                traffic.Mode, priority, SequenceNumbers: traffic.Mode == TransportMode.BestEffort,
                Delivery: isProbable ? new ProbabilisticConfig(_options.Probability!.Value) : null);
            CallStatus status = _connection.OpenStream(config, out StreamHandle stream);
            if (status == CallStatus.Ok)
            {
                traffic.OnOpened(stream);
            }
            else
            {
                _failures.Add($"A stream for {NameOf(traffic.Mode)} could not be opened: {status}.");
            }
        }
    }
}
