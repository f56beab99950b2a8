using System.Text;
using System.Text.Json;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Inputs;
using NexStream.Replay.Qlog;
using NexStream.Replay.Reading;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Scenarios;
using NexStream.Tests.Support;
using NexStream.Tool.Commands;
using NexStream.Tool.Impairment;
using NexStream.Tool.Recording;

namespace NexStream.Tests.Tracing;

/// <summary>A recorded trace becomes a qlog that its schema allows and that tells what happened.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class QlogConverterTests
{
    private string _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("nexstream-qlog").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    /// <summary>A handle's upper half is its generation: an overflow, in a build that checks, from the second connection in a place on.</summary>
    [Test]
    public void Accepted_SeveralInOnePlace_AreAllTold()
    {
        const int Connections = 3;
        var trace = new MemoryTrace();
        var recorder = new TraceRecorder(trace, TraceDetail.Full);
        var pair = new Pair(configure: config => config with { MaxConnections = 1 }, serverRecorder: recorder, frameCount: 64);
        for (int i = 0; i < Connections; i++)
        {
            pair.Client.Events.Clear();
            pair.Server.Events.Clear();
            pair.Connect();
            pair.Client.Connection.Close(pair.Now);
            pair.RunFor(90 * Instant.Second);
        }

        recorder.Flush();
        string source = System.IO.Path.Combine(_directory, "server.nxtrace");
        File.WriteAllBytes(source, trace.Bytes.ToArray());
        Assert.That(Cli.Run("trace", "qlog", source, "-o", source + ".sqlog").Code, Is.EqualTo((int)ExitCode.Ok));
        Assert.That(new QlogFile(File.ReadAllText(source + ".sqlog")).Of("nexstream:connection_started").Count(), Is.EqualTo(Connections));
    }

    [Test]
    public void Run_OverABadNetwork_TellsEveryPacketAndEveryLoss()
    {
        using var run = new RecordRun(new RecordOptions
        {
            Directory = _directory,
            DurationNs = Instant.Second,
            BytesPerS = 2_500_000,
            Impairment = new ImpairmentSettings(0.02, 5 * Instant.Millisecond, 0.02, 0.02),
        });
        Assert.That(run.Run(CancellationToken.None).Failures, Is.Empty);
        foreach (string trace in Directory.GetFiles(_directory, "*.nxtrace"))
        {
            (int code, string _) = Cli.Run("trace", "qlog", trace, "-o", trace + ".sqlog");
            Assert.That(code, Is.EqualTo((int)ExitCode.Ok));
            var file = new QlogFile(File.ReadAllText(trace + ".sqlog"));
            file.AssertValid();
            int received = 0;
            using (FileStream source = File.OpenRead(trace))
            {
                var reader = new TraceReader(source);
                while (reader.TryRead(out TraceStep step))
                {
                    received += step.Input is ReceiveInput ? 1 : 0;
                }
            }

            Assert.That(file.Of("quic:packet_received").Count() + file.Of("quic:packet_dropped").Count(), Is.EqualTo(received));
            Assert.That(file.Of("nexstream:connection_closed").Count(), Is.EqualTo(1));
            if (trace.EndsWith("server.nxtrace", StringComparison.Ordinal))
            {
                AssertDamageIsSaid(trace);
                Assert.That(file.Of("quic:packet_dropped").Select(data => data.GetProperty("trigger").GetString()), Does.Contain("duplicate"));
            }
            else
            {
                long lost = file.Of("recovery:metrics_updated").Where(data => data.TryGetProperty("packets_lost", out _)).Max(data => data.GetProperty("packets_lost").GetInt64());
                HashSet<long> sent = [.. file.Of("quic:packet_sent").Select(data => data.GetProperty("header").GetProperty("packet_number").GetInt64())];
                long[] losses = [.. file.Of("recovery:packet_lost").Select(data => data.GetProperty("header").GetProperty("packet_number").GetInt64())];
                Assert.That(lost, Is.GreaterThan(10));
                Assert.That(losses, Has.Length.EqualTo(lost));
                Assert.That(losses, Is.Unique.And.SubsetOf(sent));
                Assert.That(file.Of("recovery:metrics_updated").Any(data => data.TryGetProperty("smoothed_rtt", out JsonElement rtt) && rtt.GetDecimal() >= 10), Is.True, "5 ms each way");
            }
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public void EveryCall_OfAnEndpoint_IsOfTheSchema(bool isClient)
    {
        var calls = new EveryCall(TraceDetail.Hashes);
        QlogFile file = Convert(isClient ? calls.Client : calls.Server);
        file.AssertValid();
        JsonElement[] streams = [.. file.Of("nexstream:stream_state_updated")];
        Assert.That(streams.Select(data => data.GetProperty("mode").GetString()).Distinct().Count(), Is.EqualTo(4));
        Assert.That(streams.Select(data => data.GetProperty("new").GetString()), Does.Contain("open").And.Contain("closed"));
        Assert.That(file.Of("nexstream:path_updated").Select(data => data.GetProperty("new").GetString()), Does.Contain("active"));
        Assert.That(file.Of("nexstream:connection_state_updated").Select(data => data.GetProperty("new").GetString()), Does.Contain("established").And.Contain("closed"));
        Assert.That(file.Of("recovery:congestion_state_updated").First().GetProperty("new").GetString(), Is.EqualTo("slow_start"));
        Assert.That(file.Records[0].GetProperty("trace").GetProperty("vantage_point").GetProperty("type").GetString(), Is.EqualTo(isClient ? "client" : "server"));
        Assert.That(file.Events.Select(record => record.GetProperty("time").GetDecimal()), Is.Ordered);
    }

    [Test]
    public void Simulation_Qlog_IsOfTheSameSchema()
    {
        var simulation = new Simulation(ScenarioReader.Read(
            """{ "duration_s": 1, "link": { "rate_mbps": 5, "delay_ms": 10, "queue_kb": 15, "loss": 0.02, "ecn_mark_kb": 9 }, "flows": [ { "congestion": "bbr", "streams": [ { "mode": "ru" } ] } ] }"""));
        var stream = new MemoryStream();
        using (NexStream.Simulator.Observation.Qlog.Attach(simulation, "t", _ => stream))
        {
            simulation.Run();
        }

        new QlogFile(Encoding.UTF8.GetString(stream.ToArray())).AssertValid();
    }

    [Test]
    public void Schema_OfAValueThatIsNot_SaysSo()
    {
        using var wrong = JsonDocument.Parse("""{ "time": 1, "name": "recovery:metrics_updated", "data": { "smoothed_rtt": "1 ms" } }""");
        using var unknown = JsonDocument.Parse("""{ "time": 1, "name": "nexstream:something", "data": {} }""");
        Assert.That(QlogFile.ProblemOf(wrong.RootElement), Is.Not.Empty);
        Assert.That(QlogFile.ProblemOf(unknown.RootElement), Is.Not.Empty);
    }

    private static void AssertDamageIsSaid(string trace)
    {
        byte[] bytes = File.ReadAllBytes(trace);
        bytes[^10] ^= 1;
        File.WriteAllBytes(trace + ".torn", bytes);
        Assert.That(Cli.Run("trace", "qlog", trace + ".torn", "-o", trace + ".torn.sqlog").Code, Is.EqualTo((int)ExitCode.Failed));
    }

    private static QlogFile Convert(MemoryTrace trace)
    {
        var output = new MemoryStream();
        QlogResult result = QlogConverter.Run(trace.OpenRead(), output, "a test");
        Assert.That(result.Problem, Is.Null);
        return new QlogFile(Encoding.UTF8.GetString(output.ToArray()));
    }
}
