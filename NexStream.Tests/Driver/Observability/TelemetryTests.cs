using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Reflection;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;
using NexStream.Telemetry;

namespace NexStream.Tests.Driver.Observability;

/// <summary>Metrics, events and snapshots tell what happens, all of it, and cost the driver no allocation.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class TelemetryTests
{
    private const long TurnNs = 10_000;

    private readonly Dictionary<string, double> _values = [];
    private readonly List<string> _published = [];
    private Collector _events = null!;

    [OneTimeSetUp]
    public void RunASessionThatHasEverything()
    {
        _events = new Collector();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == NexStreamMeter.MeterName)
            {
                _published.Add(instrument.Name);
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _values[instrument.Name] = _values.GetValueOrDefault(instrument.Name) + value);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => _values[instrument.Name] = _values.GetValueOrDefault(instrument.Name) + value);
        listener.Start();
        using var session = new Session();
        session.Run(listener.RecordObservableInstruments);
    }

    [OneTimeTearDown]
    public void StopListening() => _events.Dispose();

    [Test]
    public void Session_EveryInstrument_Moves()
    {
        Assert.That(_published, Has.Count.GreaterThan(30).And.Unique);
        Assert.That(_published.Where(name => _values.GetValueOrDefault(name) <= 0), Is.Empty, "instruments that did not move");
    }

    [Test]
    public void ConsoleExporter_OfOpenTelemetry_ShowsEveryInstrumentMoving()
    {
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            typeof(Session).Assembly.EntryPoint!.Invoke(null, [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
        }

        // It exports when it is told to, and once more at its end, when nothing is open any more.
        ILookup<string, string> values = output.ToString().Split("Metric Name: ")[1..]
            .SelectMany(block => block.Split('\n').Where(line => line.StartsWith("Value: ", StringComparison.Ordinal)).Select(line => (Name: block.Split(',')[0], Value: line.Trim())))
            .ToLookup(line => line.Name, line => line.Value);
        Assert.That(values.Select(metric => metric.Key), Is.SupersetOf(_published));
        Assert.That(values.Where(metric => metric.All(value => value == "Value: 0")).Select(metric => metric.Key), Is.Empty, "metrics that did not move");
    }

    [Test]
    public void Session_EveryEventOfTheSource_IsTold()
    {
        // No second path in that session: told by hand, as a driver would.
        NexStreamEventSource.Log.PathChanged("driver", 0, 1, nameof(EventKind.PathLost));
        string[] declared = [.. typeof(NexStreamEventSource).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => method.GetCustomAttribute<EventAttribute>() is not null).Select(method => method.Name)];
        Assert.That(declared, Has.Length.GreaterThanOrEqualTo(9));
        Assert.That(declared.Except(_events.Names), Is.Empty, "events that never came");
        Assert.That(_events.Errors, Is.Empty);
        Assert.That(_events.Payloads("ConnectionClosed").Select(payload => (string)payload[2]!), Does.Contain(nameof(ReasonCode.None)).And.Contain(nameof(ReasonCode.HandshakeTimeout)));
        Assert.That(_events.Payloads("StreamOpened").Select(payload => (string)payload[3]!).Distinct().Count(), Is.EqualTo(4));
        Assert.That(_events.Payloads("LossEpisode").Sum(payload => (long)payload[2]!), Is.GreaterThan(10));
    }

    [Test]
    public void Sums_WhenAConnectionEnds_KeepAllThatItHasDone()
    {
        using var pair = new ObservedPair(new TelemetryOptions { IntervalNs = long.MaxValue / 4, IsShared = false });
        pair.Transfer(100_000);
        long sent = (long)pair.Connection.Statistics.Path.BytesSent;
        pair.Close();
        pair.Telemetry.Publish(pair.Now);
        TelemetrySnapshot last = pair.Telemetry.Read()!;
        Assert.That(last.Totals.BytesSent, Is.GreaterThanOrEqualTo(sent).And.GreaterThan(100_000));
        Assert.That((last.Totals.ConnectionsOpened, last.Totals.ConnectionsClosed), Is.EqualTo((1, 1)));
        Assert.That(last.Connections, Is.Empty);
        Assert.That(last.Streams, Is.Empty);
    }

    [Test]
    public void Snapshot_OfTheTurnInWhichAConnectionBegins_HasIt()
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Managed);
        using var client = new DriverNode(library, 1);
        using var server = new DriverNode(library, 2);
        DriverNode.Join(client, server, 256);
        var telemetry = DriverTelemetry.Attach(server.Driver, $"accepting {Guid.NewGuid()}", new TelemetryOptions { IntervalNs = 1, IsShared = false });
        var now = new Instant(Instant.Second);
        client.Endpoint.Connect(server.Node, now, out ConnectionHandle connection);
        for (int turn = 0; turn < 10; turn++)
        {
            client.Poll(now);
            server.Poll(now);
            TelemetrySnapshot snapshot = telemetry.Read()!;
            Assert.That(snapshot.Connections, Has.Length.EqualTo((int)snapshot.Totals.ConnectionsOpen), $"in turn {turn}");
            now += TurnNs;
        }

        Assert.That(connection.IsOpen, Is.True);
        Assert.That(telemetry.Read()!.Connections, Has.Length.EqualTo(1));
    }

    [Test]
    public void Snapshot_OfALivingConnection_HasItsStream()
    {
        using var pair = new ObservedPair(new TelemetryOptions { IsShared = true });
        pair.Transfer(50_000);
        pair.Telemetry.Publish(pair.Now);
        TelemetrySnapshot shown = TelemetryFiles.Read(Environment.ProcessId).Single(snapshot => snapshot.Name == pair.Telemetry.Name);
        Assert.That(shown.Connections.Single().IsOpen, Is.EqualTo(1));
        Assert.That(shown.Connections.Single().BytesSent, Is.EqualTo((long)pair.Connection.Statistics.Path.BytesSent));
        StreamRecord stream = shown.Streams.Single();
        Assert.That((stream.Id, (TransportMode)stream.Mode, stream.Queued), Is.EqualTo((1u, TransportMode.ReliableOrdered, 50_000L)));
        pair.Telemetry.Dispose();
        Assert.That(TelemetryFiles.Read(Environment.ProcessId).Any(snapshot => snapshot.Name == pair.Telemetry.Name), Is.False, "the file is gone");
    }

    [Test]
    public void Publish_InSteadyState_AllocatesNothing()
    {
        using var pair = new ObservedPair(new TelemetryOptions { IsShared = false });
        pair.Transfer(50_000);
        pair.Telemetry.Publish(pair.Now);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            pair.Telemetry.Publish(pair.Now);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Copy_OfABlockThatIsBeingWritten_IsNoSnapshot()
    {
        using var block = new TelemetryBlock("torn", 1, 1, null);
        block.Begin();
        block.End();
        Assert.That(TelemetrySnapshot.Copy(block.Bytes), Is.Not.Null);
        block.Begin();
        Assert.That(TelemetrySnapshot.Copy(block.Bytes), Is.Null);
        block.End();
        block.Header.ConnectionCapacity = 1000;
        Assert.That(TelemetrySnapshot.Copy(block.Bytes), Is.Null, "it says that it is larger than it is");
    }

    [Test]
    public void Attach_ASecondTime_IsRefused()
    {
        using var pair = new ObservedPair(new TelemetryOptions { IsShared = false });
        Assert.Throws<InvalidOperationException>(() => DriverTelemetry.Attach(pair.Client.Driver, "again"));
        Assert.Throws<ArgumentOutOfRangeException>(() => DriverTelemetry.Attach(pair.Server.Driver, "none", new TelemetryOptions { StreamsMax = 0 }));
    }

    private sealed class Collector : EventListener
    {
        private readonly List<EventWrittenEventArgs> _events = [];

        public IEnumerable<string> Names
        {
            get
            {
                lock (_events)
                {
                    return [.. _events.Select(item => item.EventName!).Distinct()];
                }
            }
        }

        /// <summary>What the runtime says of a source whose declaration is wrong.</summary>
        public IEnumerable<string> Errors => Names.Where(name => name == "EventSourceMessage");

        public IEnumerable<IReadOnlyList<object?>> Payloads(string name)
        {
            lock (_events)
            {
                return [.. _events.Where(item => item.EventName == name).Select(item => item.Payload!)];
            }
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == NexStreamEventSource.SourceName)
            {
                EnableEvents(eventSource, EventLevel.Verbose);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            // The base class may call before this one's fields are there.
            if (eventData.EventSource.Name == NexStreamEventSource.SourceName && _events is not null)
            {
                lock (_events)
                {
                    _events.Add(eventData);
                }
            }
        }
    }

    /// <summary>Two nodes over a loop in virtual time, the client with telemetry.</summary>
    private sealed class ObservedPair : IDisposable
    {
        private const int RingCapacity = 256;
        private readonly byte[] _buffer = new byte[1 << 16];

        public ObservedPair(TelemetryOptions options)
        {
            LinkLibrary library = LinkLibrary.Load(LinkPreference.Managed);
            Client = new DriverNode(library, 1);
            Server = new DriverNode(library, 2);
            DriverNode.Join(Client, Server, RingCapacity);
            Telemetry = DriverTelemetry.Attach(Client.Driver, $"pair {Guid.NewGuid()}", options);
            Client.Endpoint.Connect(Server.Node, Now, out ConnectionHandle connection);
            Connection = connection;
            RunUntil(() => connection.IsOpen);
        }

        public DriverNode Client { get; }

        public DriverNode Server { get; }

        public DriverTelemetry Telemetry { get; }

        public ConnectionHandle Connection { get; }

        public Instant Now { get; private set; } = new(Instant.Second);

        public void Transfer(int bytes)
        {
            Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle stream);
            Assert.That(stream.Send(new byte[bytes]).Bytes, Is.EqualTo(bytes));
            int got = 0;
            RunUntil(() =>
            {
                foreach (EndpointEvent opened in Server.Events.Where(item => item.Kind == EventKind.StreamOpened))
                {
                    got += opened.Stream.Receive(_buffer) is { Status: CallStatus.Ok } result ? result.Bytes : 0;
                }

                return got == bytes;
            });
        }

        public void Close()
        {
            Connection.Close(Now);
            RunUntil(() => Client.Has(EventKind.ConnectionClosed));
        }

        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
        }

        private void RunUntil(Func<bool> condition)
        {
            for (int turns = 0; !condition(); turns++)
            {
                Assert.That(turns, Is.LessThan(1_000_000));
                Client.Poll(Now);
                Server.Poll(Now);
                Now += TurnNs;
            }
        }
    }
}
