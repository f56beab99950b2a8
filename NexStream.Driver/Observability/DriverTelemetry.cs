using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Driver.Observability;

/// <summary>
/// Shows what a driver and its endpoint do: the meter "NexStream", the event source "NexStream", and nexstream top. The driver's thread looks at the endpoint a few
/// times a second and writes down what it sees, without allocating; everybody else reads that.
/// </summary>
public sealed class DriverTelemetry : IDisposable, IEndpointObserver
{
    private readonly EndpointDriver _driver;
    private readonly Endpoint _endpoint;
    private readonly TelemetryOptions _options;
    private readonly Lock _lock = new();
    private readonly ShownStreams _streams;
    private readonly ConnectionRecord[] _last;
    private readonly bool[] _known;
    private TelemetryBlock? _block;
    private TelemetryTotals _totals;
    private Instant _next;

    private DriverTelemetry(EndpointDriver driver, string name, TelemetryOptions options)
    {
        _driver = driver;
        _endpoint = driver.Endpoint;
        _options = options;
        Name = name;
        _streams = new ShownStreams(options.StreamsMax, _endpoint.Config.MaxStreams);
        _last = new ConnectionRecord[_endpoint.Config.MaxConnections];
        _known = new bool[_endpoint.Config.MaxConnections];
        _block = new TelemetryBlock(name, options.ConnectionsMax, options.StreamsMax, options.IsShared ? TelemetryFiles.NextPath() : null);
    }

    /// <summary>What the driver is called in metrics, events and nexstream top.</summary>
    public string Name { get; }

    /// <summary>
    /// Attaches telemetry to a driver, on the driver's thread or before it runs. It takes the endpoint's <see cref="Endpoint.Observer"/>, and allocates here all that it will ever hold.
    /// </summary>
    /// <param name="driver">The driver. One telemetry at a time.</param>
    /// <param name="name">What to call it; up to 63 bytes of UTF-8 are shown across processes.</param>
    /// <param name="options">How much; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">The driver has telemetry, or the endpoint another observer.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="IOException">The shared file cannot be made; <see cref="TelemetryOptions.IsShared"/> does without.</exception>
    public static DriverTelemetry Attach(EndpointDriver driver, string name, TelemetryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(driver);
        ArgumentNullException.ThrowIfNull(name);
        options ??= new TelemetryOptions();
        options.Validate();
        if (driver.Telemetry is not null || driver.Endpoint.Observer is not null)
        {
            throw new InvalidOperationException("The driver has telemetry already, or its endpoint has another observer: dispose of the one before.");
        }

        var telemetry = new DriverTelemetry(driver, name, options);
        driver.Telemetry = telemetry;
        driver.Endpoint.Observer = telemetry;
        NexStreamMeter.Add(telemetry);
        if (NexStreamEventSource.Log.IsEnabled())
        {
            NexStreamEventSource.Log.DriverStarted(name, driver.Endpoint.Node.ToString());
        }

        return telemetry;
    }

    /// <summary>Shows nothing from now on. Call it on the driver's thread, or when that has ended; disposing of the driver does it too.</summary>
    public void Dispose()
    {
        if (_block is null)
        {
            return;
        }

        NexStreamMeter.Remove(this);
        _driver.Telemetry = null;
        _endpoint.Observer = null;

        // A thread that collects may be copying.
        lock (_lock)
        {
            _block.Dispose();
            _block = null;
        }

        if (NexStreamEventSource.Log.IsEnabled())
        {
            NexStreamEventSource.Log.DriverStopped(Name);
        }
    }

    /// <inheritdoc />
    void IEndpointObserver.OnEvent(in EndpointEvent item)
    {
        switch (item.Kind)
        {
            case EventKind.ConnectionEstablished or EventKind.ConnectionAccepted:
                _totals.ConnectionsOpened++;
                break;
            case EventKind.ConnectionClosed:
                _totals.ConnectionsClosed++;
                _totals.HandshakesFailed += item.Reason is ReasonCode.HandshakeTimeout or ReasonCode.ConnectionRefused or ReasonCode.VersionUnknown ? 1 : 0;
                break;
            case EventKind.StreamOpened:
                _streams.Add(item.Stream, item.Connection.Index);
                _totals.StreamsOpened++;
                break;
            case EventKind.StreamClosed:
                _streams.Remove(item.Stream);
                break;
            case EventKind.MessageLost:
                _totals.MessagesLost++;
                break;
            case EventKind.MessageExpired:
                _totals.MessagesExpired++;
                break;
            default:
                break;
        }

        if (NexStreamEventSource.Log.IsEnabled())
        {
            Tell(item);
        }
    }

    /// <inheritdoc />
    void IEndpointObserver.OnStreamOpened(ConnectionHandle connection, StreamHandle stream)
    {
        _streams.Add(stream, connection.Index);
        _totals.StreamsOpened++;
        if (NexStreamEventSource.Log.IsEnabled())
        {
            NexStreamEventSource.Log.StreamOpened(Name, connection.Index, stream.Id, stream.Mode.ToString(), isLocal: true);
        }
    }

    /// <inheritdoc />
    void IEndpointObserver.OnConnectionEnding(ConnectionHandle connection)
    {
        // The last look: after this nobody can see what it has done.
        Account(connection, Look(connection));
        _known[connection.Index] = false;
        _last[connection.Index] = default;
    }

    /// <summary>A link's peer is gone.</summary>
    internal void OnLinkLost(in LinkLost lost)
    {
        if (NexStreamEventSource.Log.IsEnabled())
        {
            NexStreamEventSource.Log.LinkLost(Name, lost.Remote.ToString(), lost.PeerProcessId);
        }
    }

    /// <summary>Looks at the endpoint, if it is time. On the driver's thread, after a turn.</summary>
    internal void OnTurn(Instant now)
    {
        if (now >= _next)
        {
            _next = now + _options.IntervalNs;
            Publish(now);
        }
    }

    /// <summary>The last snapshot; null: there is none yet, or none any more.</summary>
    internal TelemetrySnapshot? Read()
    {
        lock (_lock)
        {
            return _block is null ? null : TelemetrySnapshot.Copy(_block.Bytes);
        }
    }

    /// <summary>Writes a snapshot down. On the driver's thread.</summary>
    internal void Publish(Instant now)
    {
        TelemetryBlock block = _block!;
        Span<ConnectionRecord> shown = block.Connections;
        block.Begin();
        int count = 0;
        for (int i = 0; i < _known.Length; i++)
        {
            ConnectionHandle connection = _driver.ConnectionAt(i);
            if (!connection.IsAlive)
            {
                continue;
            }

            ConnectionRecord record = Look(connection);
            Account(connection, record);
            if (count < shown.Length)
            {
                shown[count++] = record;
            }
        }

        TakeTotals();
        block.Totals = _totals;
        block.Header.TakenAtNs = now - default(Instant);
        block.Header.ConnectionCount = count;
        block.Header.StreamCount = _streams.Write(block.Streams);
        block.End();
    }

    private static ConnectionRecord Look(ConnectionHandle connection)
    {
        ConnectionStatistics statistics = connection.Statistics;
        PathStatistics path = statistics.Path;
        var record = new ConnectionRecord
        {
            Index = connection.Index,
            IsOpen = connection.IsOpen ? 1 : 0,
            Paths = connection.PathCount,
            Streams = statistics.StreamCount,
            RemoteHigh = path.Remote.High,
            RemoteLow = path.Remote.Low,
            Retransmissions = (long)statistics.Retransmissions,
            AcknowledgementsSent = (long)statistics.AcknowledgementsSent,
            DroppedForMemory = (long)statistics.DroppedForMemory,
            SmoothedRttNs = path.SmoothedRttNs,
            MinRttNs = path.MinRttNs,
            CongestionWindow = path.CongestionWindow,
            BytesInFlight = path.BytesInFlight,
            PacingRate = path.PacingRate,
            DeliveryRate = path.DeliveryRate,
        };
        for (int i = 0; connection.TryGetPathAt(i, out path); i++)
        {
            record.PacketsSent += (long)path.PacketsSent;
            record.PacketsReceived += (long)path.PacketsReceived;
            record.PacketsLost += (long)path.PacketsLost;
            record.SpuriousLosses += (long)path.SpuriousLosses;
            record.Duplicates += (long)path.DuplicatesReceived;
            record.BytesSent += (long)path.BytesSent;
            record.BytesReceived += (long)path.BytesReceived;
            record.ProbeTimeouts += (long)path.ProbeTimeouts;
        }

        return record;
    }

    /// <summary>Adds what a connection has done since the last look to the sums.</summary>
    private void Account(ConnectionHandle connection, in ConnectionRecord record)
    {
        ref ConnectionRecord last = ref _last[connection.Index];
        if (!_known[connection.Index])
        {
            _known[connection.Index] = true;
            last = default;
        }

        long lost = Grown(record.PacketsLost, last.PacketsLost);
        _totals.PacketsSent += Grown(record.PacketsSent, last.PacketsSent);
        _totals.PacketsReceived += Grown(record.PacketsReceived, last.PacketsReceived);
        _totals.PacketsLost += lost;
        _totals.SpuriousLosses += Grown(record.SpuriousLosses, last.SpuriousLosses);
        _totals.Duplicates += Grown(record.Duplicates, last.Duplicates);
        _totals.BytesSent += Grown(record.BytesSent, last.BytesSent);
        _totals.BytesReceived += Grown(record.BytesReceived, last.BytesReceived);
        _totals.ProbeTimeouts += Grown(record.ProbeTimeouts, last.ProbeTimeouts);
        _totals.Retransmissions += Grown(record.Retransmissions, last.Retransmissions);
        _totals.AcknowledgementsSent += Grown(record.AcknowledgementsSent, last.AcknowledgementsSent);
        _totals.DroppedForMemory += Grown(record.DroppedForMemory, last.DroppedForMemory);
        last = record;
        if (lost > 0 && NexStreamEventSource.Log.IsEnabled())
        {
            NexStreamEventSource.Log.LossEpisode(Name, connection.Index, lost, record.CongestionWindow, record.SmoothedRttNs);
        }
    }

    /// <summary>A path that was closed takes its counts with it: a sum that shrank says nothing about what the others did.</summary>
    private static long Grown(long now, long before) => Math.Max(0, now - before);

    private void TakeTotals()
    {
        ref readonly DriverStatistics driver = ref _driver.Statistics;
        EndpointStatistics endpoint = _endpoint.Statistics;
        _totals.Turns = driver.Turns;
        _totals.TurnsWithWork = driver.TurnsWithWork;
        _totals.FramesReceived = driver.FramesReceived;
        _totals.FramesSent = driver.FramesSent;
        _totals.FramesMalformed = driver.FramesMalformed + (long)endpoint.MalformedDropped;
        _totals.FramesUnroutable = driver.FramesUnroutable;
        _totals.FramesStalled = driver.FramesDroppedByStall;
        _totals.FullRings = driver.FullRings;
        _totals.TimersFired = driver.TimersFired;
        _totals.LinksLost = driver.LinksLost;
        _totals.UnknownTags = (long)endpoint.UnknownTagDropped;
        _totals.HandshakesRefused = (long)endpoint.HandshakesRefused;
        _totals.AnswersSuppressed = (long)endpoint.AnswersSuppressed;
        _totals.ArenaFree = endpoint.ArenaFree;
        _totals.ArenaFrames = _endpoint.Arena.FrameCount;
        _totals.ConnectionsOpen = endpoint.ConnectionCount;
        _totals.StreamsOpen = endpoint.StreamCount;
    }

    private void Tell(in EndpointEvent item)
    {
        NexStreamEventSource log = NexStreamEventSource.Log;
        int connection = item.Connection.Index;
        switch (item.Kind)
        {
            case EventKind.ConnectionEstablished or EventKind.ConnectionAccepted:
                log.ConnectionOpened(Name, connection, item.Connection.Remote.ToString(), item.Kind == EventKind.ConnectionAccepted);
                break;
            case EventKind.ConnectionClosed:
                log.ConnectionClosed(
                    Name, connection, item.Reason.ToString(), item.Report.UndeliveredBytes, item.Report.UndeliveredMessages, item.Report.UnreadBytes);
                break;
            case EventKind.StreamOpened:
                log.StreamOpened(Name, connection, item.Stream.Id, item.Stream.Mode.ToString(), isLocal: false);
                break;
            case EventKind.StreamClosed:
                log.StreamClosed(Name, connection, item.Stream.Index, item.Reason.ToString());
                break;
            case EventKind.PathReady or EventKind.PathLost or EventKind.PathClosed:
                log.PathChanged(Name, connection, (long)item.Value, item.Kind.ToString());
                break;
            default:
                break;
        }
    }
}
