using System.Text.Json;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;
using NexStream.Tests.Support;
using NexStream.Tool.Commands;
using NexStream.Tool.Throughput;
using NexStream.Tool.Transfer;

namespace NexStream.Tests.Tools;

/// <summary>nexstream perf --server and --client, and nexstream top that looks at them, all in this process.</summary>
[TestFixture, NonParallelizable]
[Category("Slow")]
public sealed class ThroughputTests
{
    private const int DurationMs = 200;

    [Test]
    public void Perf_OverUdp_CountsTheSameOnBothEnds([Values] TransportMode mode, [Values] bool isReverse) => Measure("udp:127.0.0.1:0", mode, isReverse);

    [TestCase(TransportMode.ReliableOrdered, false)]
    [TestCase(TransportMode.ReliableOrdered, true)]
    [TestCase(TransportMode.ReliableUnordered, true)]
    [TestCase(TransportMode.BestEffort, false)]
    public void Perf_OverShm_CountsTheSameOnBothEnds(TransportMode mode, bool isReverse)
    {
        LoopFixture.Load(LinkPreference.Native);
        Measure($"shm:perf-{Guid.NewGuid():N}", mode, isReverse);
    }

    [Test]
    public void Perf_MessageThatFitsIntoNoPacket_SaysSo()
    {
        (ThroughputResult client, ThroughputResult? server) = Run("udp:127.0.0.1:0", new ThroughputRequest(TransportMode.BestEffort, false, 1, 60_000, DurationMs));
        Assert.That(client.Error, Does.Contain("--size"));
        Assert.That(server?.Ok, Is.False);
    }

    [Test]
    public void Perf_NobodyThere_IsSaid()
    {
        (int code, string output) = Cli.Run("perf", "--client", "--link", "udp:127.0.0.1:9", "--duration", "100ms", "--json");
        Assert.That(code, Is.EqualTo((int)ExitCode.LinkUnavailable));
        Assert.That(output, Does.Contain("perf --server"));
    }

    [TestCase("--server", "--client", "--link", "udp:127.0.0.1:1")]
    [TestCase("--client", "--link", "memory")]
    [TestCase("--client", "--link", "udp:127.0.0.1:1", "--size", "2000000")]
    [TestCase("--link", "udp:127.0.0.1:1")]
    public void Perf_OptionsThatDoNotGoTogether_AreRefused(params string[] options) =>
        Assert.That(Cli.Run(["perf", .. options, "--json"]).Code, Is.EqualTo((int)ExitCode.Usage));

    [Test]
    public void Request_OfAnotherMeaning_IsNone()
    {
        byte[] bytes = new ThroughputRequest(TransportMode.ReliableOrdered, true, 3, 1000, 50).ToBytes();
        Assert.That(ThroughputRequest.Read(bytes), Is.EqualTo(new ThroughputRequest(TransportMode.ReliableOrdered, true, 3, 1000, 50)));
        foreach (int at in new[] { 0, 5, 6, 8, 12, 16 })
        {
            byte[] wrong = [.. bytes];
            wrong[at] = 0xff;
            Assert.That(ThroughputRequest.Read(wrong), Is.Null, $"byte {at}");
        }
    }

    [Test]
    public void Top_WhileAMeasurementRuns_ShowsItsConnectionAndStreams()
    {
        JsonElement[] drivers = [];
        Run("udp:127.0.0.1:0", new ThroughputRequest(TransportMode.ReliableOrdered, false, 2, 10_000, 1500), () =>
        {
            (int code, string output) = Cli.Run("top", "--once", "--json", "--interval", "400ms", "--pid", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Assert.That(code, Is.Zero);
            drivers = [.. JsonDocument.Parse(output).RootElement.GetProperty("drivers").EnumerateArray()];
        });
        JsonElement client = drivers.Single(driver => driver.GetProperty("name").GetString()!.StartsWith("perf client", StringComparison.Ordinal));
        JsonElement connection = client.GetProperty("connections").EnumerateArray().Single();
        Assert.That(client.GetProperty("send_mbps").GetDouble(), Is.Positive);
        Assert.That(connection.GetProperty("is_open").GetBoolean(), Is.True);
        Assert.That(connection.GetProperty("rtt_ms").GetDouble(), Is.Positive);
        Assert.That(connection.GetProperty("congestion_window").GetInt64(), Is.Positive);
        Assert.That(connection.GetProperty("streams").GetArrayLength(), Is.EqualTo(3), "two with data, and the control stream");
        Assert.That(drivers.Any(driver => driver.GetProperty("name").GetString()!.StartsWith("perf server", StringComparison.Ordinal) && driver.GetProperty("receive_mbps").GetDouble() > 0), Is.True);
    }

    private static void Measure(string address, TransportMode mode, bool isReverse)
    {
        ThroughputRequest request = new(mode, isReverse, 3, ThroughputModes.StandardSize(mode), DurationMs);
        (ThroughputResult client, ThroughputResult? server) = Run(address, request);
        Assert.That(client.Error, Is.Null);
        Assert.That(client.ReceivedBytes, Is.GreaterThan(0).And.LessThanOrEqualTo(client.SentBytes));
        Assert.That(client.Intervals, Is.Not.Empty);
        Assert.That(server, Is.Not.Null);
        Assert.That((server!.SentBytes, server.ReceivedBytes, server.SentMessages), Is.EqualTo((client.SentBytes, client.ReceivedBytes, client.SentMessages)));
        if (mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered)
        {
            Assert.That(client.ReceivedBytes, Is.EqualTo(client.SentBytes));
        }
    }

    private static (ThroughputResult Client, ThroughputResult? Server) Run(string address, ThroughputRequest request, Action? meanwhile = null)
    {
        Assert.That(LinkAddress.TryParse(address, out LinkAddress? listen), Is.True);
        ThroughputResult? ofServer = null;
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var server = new ThroughputServer(listen!, _ => { }, result => ofServer = result);
        Task serving = Task.Factory.StartNew(() => server.Run(once: true, stop.Token), stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.That(LinkAddress.TryParse(server.Address, out LinkAddress? to), Is.True);
        ThroughputResult ofClient;
        using (var client = new ThroughputClient(to!))
        {
            Task<ThroughputResult> measuring = Task.Factory.StartNew(() => client.Run(request, _ => { }, stop.Token), stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            meanwhile?.Invoke();
            ofClient = measuring.GetAwaiter().GetResult();
        }

        if (!ofClient.Ok)
        {
            // A client that found out by itself that it cannot leaves without a measurement.
            stop.CancelAfter(TimeSpan.FromSeconds(2));
        }

        serving.GetAwaiter().GetResult();
        return (ofClient, ofServer);
    }
}
