using System.Text;
using System.Text.Json;
using NexStream.Core.Wire;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Observation;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>Traces are what the format says, and say what happened.</summary>
[TestFixture]
public sealed class QlogTests
{
    private const char RecordSeparator = '\x1e';

    // Small queues and marks, losses both ways: every kind of event comes.
    private const string Scenario =
        """
        {
          "duration_s": 3,
          "link": { "rate_mbps": 5, "delay_ms": 10, "queue_kb": 15, "loss": 0.01, "corrupt": 0.005, "ecn_mark_kb": 9, "outages": [ { "at_s": 1, "for_s": 0.1 } ] },
          "reverse": { "loss": 0.01 },
          "flows": [
            { "congestion": "cubic", "streams": [ { "mode": "ro" } ] },
            { "congestion": "bbr", "start_s": 0.3, "ecn": false, "streams": [ { "mode": "ru", "bytes": 300000 } ] }
          ]
        }
        """;

    private static readonly string[] s_schemas = ["urn:ietf:params:qlog:events:quic-12", "urn:nexstream:qlog:events:nexstream"];

    private Simulation _simulation = null!;
    private Counter _forward = null!;
    private Counter _back = null!;
    private string[] _files = null!;

    [OneTimeSetUp]
    public void RunOnce()
    {
        _simulation = new Simulation(ScenarioReader.Read(Scenario));
        _forward = new Counter();
        _back = new Counter();
        _simulation.Link.Observer = _forward;
        _simulation.Reverse.Observer = _back;
        MemoryStream[] streams = [new(), new()];
        using (Qlog.Attach(_simulation, "a \"name\"", flow => streams[flow]))
        {
            _simulation.Run();
        }

        _files = [.. streams.Select(stream => Encoding.UTF8.GetString(stream.ToArray()))];
    }

    [Test]
    public void Records_Each_IsJsonBetweenASeparatorAndALineFeed()
    {
        foreach (string file in _files)
        {
            string[] records = file.Split(RecordSeparator);
            Assert.That(records[0], Is.Empty);
            Assert.That(records, Has.Length.GreaterThan(100));
            foreach (string record in records.Skip(1))
            {
                Assert.That(record, Does.EndWith("}\n"));
                Assert.That(() => JsonDocument.Parse(record).Dispose(), Throws.Nothing);
            }
        }
    }

    [Test]
    public void Header_FirstRecord_HasWhatTheSchemaRequires()
    {
        JsonElement header = Records(1).First();
        JsonElement trace = header.GetProperty("trace");
        JsonElement reference = trace.GetProperty("common_fields").GetProperty("reference_time");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(header.GetProperty("file_schema").GetString(), Is.EqualTo("urn:ietf:params:qlog:file:sequential"));
            Assert.That(header.GetProperty("serialization_format").GetString(), Is.EqualTo("application/qlog+json-seq"));
            Assert.That(header.GetProperty("title").GetString(), Is.EqualTo("a \"name\""));
            Assert.That(trace.GetProperty("vantage_point").GetProperty("type").GetString(), Is.EqualTo("client"));
            Assert.That(trace.GetProperty("event_schemas").EnumerateArray().Select(e => e.GetString()), Is.EqualTo(s_schemas));
            Assert.That(trace.GetProperty("common_fields").GetProperty("time_format").GetString(), Is.EqualTo("relative_to_epoch"));
            Assert.That(trace.GetProperty("common_fields").GetProperty("group_id").GetString(), Is.EqualTo("flow-1"));
            Assert.That(reference.GetProperty("clock_type").GetString(), Is.EqualTo("monotonic"));
            Assert.That(reference.GetProperty("epoch").GetString(), Is.EqualTo("unknown"));
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    public void Events_Each_HasTimeNameAndData(int flow)
    {
        foreach (JsonElement item in Events(flow))
        {
            Assert.That(item.GetProperty("time").ValueKind, Is.EqualTo(JsonValueKind.Number));
            Assert.That(item.GetProperty("name").GetString(), Does.Match("^[a-z]+:[a-z_]+$"));
            Assert.That(item.GetProperty("data").EnumerateObject(), Is.Not.Empty);
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    public void Times_FromEventToEvent_NeverGoBackwards(int flow)
    {
        decimal[] times = [.. Events(flow).Select(e => e.GetProperty("time").GetDecimal())];
        Assert.That(times, Is.Ordered);
        Assert.That(times[0], Is.EqualTo(flow == 0 ? 0 : 300).Within(1));
        Assert.That(times.Any(t => t != decimal.Truncate(t)), Is.True, "times have microseconds");
    }

    [TestCase(0)]
    [TestCase(1)]
    public void Packets_SentAndReceived_AreTheFramesThatEnteredAndArrived(int flow)
    {
        Assert.That(Count(flow, "quic:packet_sent"), Is.EqualTo(_forward.Of(flow, FrameFate.Entered)).And.GreaterThan(100));
        Assert.That(Count(flow, "quic:packet_received"), Is.EqualTo(_back.Of(flow, FrameFate.Delivered)).And.GreaterThan(10));
    }

    [TestCase(0)]
    [TestCase(1)]
    public void PacketNumbers_OfSentPackets_Grow(int flow)
    {
        long[] numbers = [.. Events(flow, "quic:packet_sent").Select(e => e.GetProperty("data").GetProperty("header"))
            .Where(h => h.GetProperty("packet_type").GetString() == "1RTT")
            .Select(h => h.GetProperty("packet_number").GetInt64())];
        Assert.That(numbers, Is.Ordered.And.Unique);

        // Some numbers are left out on purpose, for acknowledgements of what was never sent to show.
        Assert.That(numbers[^1] - numbers[0], Is.InRange(numbers.Length - 1, numbers.Length * 1.2));
    }

    [TestCase(0)]
    [TestCase(1)]
    public void LinkEvents_OfBothDirections_AreWhatTheLinksDid(int flow)
    {
        long Lost(FrameFate fate) => _forward.Of(flow, fate) + _back.Of(flow, fate);

        string[] causes = [.. Events(flow, "nexstream:lost").Select(e => e.GetProperty("data").GetProperty("cause").GetString()!)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Count(flow, "nexstream:queue_dropped"), Is.EqualTo(Lost(FrameFate.QueueDropped)).And.GreaterThan(0));
            Assert.That(causes.Count(c => c == "random"), Is.EqualTo(Lost(FrameFate.Lost)).And.GreaterThan(0));
            Assert.That(causes.Count(c => c == "outage"), Is.EqualTo(Lost(FrameFate.Outage)).And.GreaterThan(0));
            Assert.That(causes.Count(c => c == "corrupted"), Is.EqualTo(Lost(FrameFate.Corrupted)));
            Assert.That(Count(flow, "nexstream:marked"), Is.EqualTo(_forward.MarkedOf(flow)));
        }
    }

    [Test]
    public void Marks_OfTheFlowThatUnderstandsThem_AreWritten() =>
        Assert.That((Count(0, "nexstream:marked"), Count(1, "nexstream:marked")), Is.EqualTo((_forward.MarkedOf(0), 0)).And.Matches(((int, int) c) => c.Item1 > 0));

    [TestCase(0)]
    [TestCase(1)]
    public void Metrics_FromRecordToRecord_SayOnlyWhatChanged(int flow)
    {
        var values = new Dictionary<string, decimal>();
        foreach (JsonElement item in Events(flow, "recovery:metrics_updated"))
        {
            foreach (JsonProperty metric in item.GetProperty("data").EnumerateObject())
            {
                // Times are written in microseconds, and compared in nanoseconds.
                bool isTime = metric.Name.EndsWith("rtt", StringComparison.Ordinal) || metric.Name == "rtt_variance";
                Assert.That(isTime || !values.TryGetValue(metric.Name, out decimal before) || before != metric.Value.GetDecimal(), Is.True, metric.Name);
                values[metric.Name] = metric.Value.GetDecimal();
            }
        }

        Assert.That(values.Keys, Is.SupersetOf(new[]
        {
            "congestion_window", "bytes_in_flight", "smoothed_rtt", "min_rtt", "latest_rtt", "rtt_variance", "pacing_rate", "packets_lost",
        }));
        Assert.That(values["min_rtt"], Is.InRange(20m, 60m));
        Assert.That(values["packets_lost"], Is.GreaterThan(0));
    }

    [Test]
    public void Identity_OfAPacket_IsWhatItsHeaderSays()
    {
        var packet = new Packet { Bytes = new byte[100], Length = PacketHeader.Size };
        new PacketHeader { Tag = 0x1122_3344_5566_7788, PathId = 3, Flags = PacketHeader.AckNow, PacketNumber = 0xFEDC_BA98 }.Write(packet.Bytes);
        Assert.That(PacketIdentity.Of(packet), Is.EqualTo(new PacketIdentity(0x1122_3344_5566_7788, 3, 0xFEDC_BA98)));
        packet.Length = PacketHeader.Size - 1;
        Assert.That(PacketIdentity.Of(packet), Is.EqualTo(default(PacketIdentity)));
    }

    [Test]
    public void Run_Observed_IsTheRunThatNobodyObserves()
    {
        var alone = new Simulation(ScenarioReader.Read(Scenario));
        var observed = new Simulation(ScenarioReader.Read(Scenario));
        var sampler = Sampler.Attach(observed);
        SimulationResult result;
        using (Qlog.Attach(observed, "observed", _ => new MemoryStream()))
        {
            result = observed.Run();
        }

        sampler.Finish();
        Assert.That(JsonSerializer.Serialize(result), Is.EqualTo(JsonSerializer.Serialize(alone.Run())));
    }

    [Test]
    public void Attach_DirectoryWithoutRoom_ClosesWhatItOpened()
    {
        var first = new MemoryStream();
        Assert.That(
            () => Qlog.Attach(new Simulation(ScenarioReader.Read(Scenario)), "name", flow => flow == 0 ? first : throw new IOException("full")),
            Throws.InstanceOf<IOException>());
        Assert.That(first.CanWrite, Is.False);
    }

    private IEnumerable<JsonElement> Records(int flow) =>
        _files[flow].Split(RecordSeparator).Skip(1).Select(record =>
        {
            using var document = JsonDocument.Parse(record);
            return document.RootElement.Clone();
        });

    private IEnumerable<JsonElement> Events(int flow) => Records(flow).Skip(1);

    private IEnumerable<JsonElement> Events(int flow, string name) => Events(flow).Where(e => e.GetProperty("name").GetString() == name);

    private int Count(int flow, string name) => Events(flow, name).Count();

    /// <summary>Counts for itself, beside the trace.</summary>
    private sealed class Counter : ILinkObserver
    {
        private readonly Dictionary<(int Flow, FrameFate Fate), int> _counts = [];
        private readonly Dictionary<int, int> _marked = [];

        public int Of(int flow, FrameFate fate) => _counts.GetValueOrDefault((flow, fate));

        public int MarkedOf(int flow) => _marked.GetValueOrDefault(flow);

        public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
        {
            _counts[(packet.Flow, fate)] = Of(packet.Flow, fate) + 1;
            if (fate == FrameFate.Delivered && packet.Header.Ecn == EcnCodepoint.CongestionExperienced)
            {
                _marked[packet.Flow] = MarkedOf(packet.Flow) + 1;
            }
        }
    }
}
