using System.Text.Json;
using NexStream.Tests.Support;
using NexStream.Tool.Commands;

namespace NexStream.Tests.Tools;

/// <summary>nexstream perf, as it is called. What it measures is no matter here: that it measures, and what it says.</summary>
[TestFixture, NonParallelizable]
[Category("Slow")]
public sealed class PerfCommandTests
{
    private static readonly string[] s_promised =
    [
        "goodput_gbps", "frames_per_s", "ns_per_data_frame", "acks_per_data", "allocated_bytes", "memcpy_gbytes_s", "ratio_to_limit", "cacheline_rtt_ns", "native",
    ];

    [TestCase("ro", "memory")]
    [TestCase("ru", "memory")]
    [TestCase("be", "memory")]
    [TestCase("pr", "memory")]
    [TestCase("ro", "loop")]
    [TestCase("ro", "udp")]
    [TestCase("be", "udp")]
    public void Perf_Json_HasEveryPromisedKeyAndMovedData(string mode, string link)
    {
        (int code, string output) = Cli.Run("perf", "--mode", mode, "--link", link, "--seconds", "0.1", "--touch", "--json");
        Assert.That(code, Is.Zero, output);
        JsonElement result = JsonDocument.Parse(output).RootElement;
        Assert.That(result.EnumerateObject().Select(property => property.Name), Is.SupersetOf(s_promised));
        Assert.That(result.GetProperty("frames_per_s").GetDouble(), Is.Positive);
        Assert.That(result.GetProperty("memcpy_gbytes_s").GetDouble(), Is.Positive);
        Assert.That(result.GetProperty("acks_per_data").GetDouble(), Is.LessThanOrEqualTo(1.0 / 16));
    }

    [Test]
    public void Perf_Memory_AllocatesNothing()
    {
        (_, string output) = Cli.Run("perf", "--seconds", "0.1", "--json");
        Assert.That(JsonDocument.Parse(output).RootElement.GetProperty("allocated_bytes").GetInt64(), Is.Zero);
    }

    [TestCase("none")]
    [TestCase("cubic")]
    [TestCase("bbr")]
    public void Perf_Count_MovesAtLeastSoMany(string congestion)
    {
        (int code, string output) = Cli.Run("perf", "--count", "640", "--congestion", congestion);
        Assert.That(code, Is.Zero);
        Assert.That(long.Parse(output, System.Globalization.CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(640));
    }

    [TestCase("--touch", "--frame", "1201", TestName = "Perf_TouchOfAnOddFrame_IsRefused")]
    [TestCase("--zero-copy", "--arena-frame", "1200", "--call", "2400", TestName = "Perf_LeaseOfMoreThanAFrame_IsRefused")]
    [TestCase("--zero-copy", "--arena-frame", "1200", "--frame", "2400", TestName = "Perf_LeaseShorterThanADataFrame_IsRefused")]
    [TestCase("--arena-frame", "1200", "--frame", "8192", TestName = "Perf_PacketOfMoreThanThreeFrames_IsRefused")]
    [TestCase("--link", "loop", "--wire-copy", TestName = "Perf_WireCopyOverALink_IsRefused")]
    [TestCase("--link", "loop", "--burst", "32", TestName = "Perf_BurstOverALink_IsRefused")]
    [TestCase("--histogram", "--burst", "32", TestName = "Perf_BurstWithAHistogram_IsRefused")]
    [TestCase("--link", "loop", "--loss", "0.1", TestName = "Perf_LossOverALink_IsRefused")]
    [TestCase("--link", "loop", "--congestion", "cubic", TestName = "Perf_CongestionOverALink_IsRefused")]
    [TestCase("--link", "loop", "--idle-connections", "2", TestName = "Perf_IdleConnectionsOverALink_AreRefused")]
    [TestCase("--link", "loop", "--histogram", TestName = "Perf_HistogramOverALink_IsRefused")]
    [TestCase("--link", "loop", "--count", "5", TestName = "Perf_CountOverALink_IsRefused")]
    [TestCase("--link", "udp", "--frame", "65536", TestName = "Perf_FrameLongerThanADatagram_IsRefused")]
    [TestCase("--ping", TestName = "Perf_PingInMemory_IsRefused")]
    [TestCase("--loss", "1", TestName = "Perf_LossOfEverything_IsRefused")]
    public void Perf_OptionsThatDoNotGoTogether_AreRefused(params string[] options)
    {
        (int code, string output) = Cli.Run(["perf", .. options, "--json"]);
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        string message = JsonDocument.Parse(output).RootElement.GetProperty("error").GetProperty("message").GetString()!;
        Assert.That(message, Does.Contain(options.Last(option => option.StartsWith("--", StringComparison.Ordinal) && option is not ("--link" or "--arena-frame"))));
    }
}
