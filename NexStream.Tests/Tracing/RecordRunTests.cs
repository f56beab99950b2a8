using NexStream.Core.Primitives;
using NexStream.Replay.Running;
using NexStream.Tests.Support;
using NexStream.Tool.Commands;
using NexStream.Tool.Impairment;
using NexStream.Tool.Recording;

namespace NexStream.Tests.Tracing;

/// <summary>Runs of the real driver, and of the simulator, recorded and replayed.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class RecordRunTests
{
    private string _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("nextrace").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    /// <summary>The short version of docs/traces.md's ten minutes.</summary>
    [Test]
    public void Driver_OverABadNetwork_ReplaysIdentically()
    {
        var options = new RecordOptions
        {
            Directory = _directory,
            DurationNs = Instant.Second,
            BytesPerS = 2_500_000,
            Impairment = new ImpairmentSettings(0.01, 5 * Instant.Millisecond, 0.02, 0.02),
        };
        using var run = new RecordRun(options);
        RecordResult result = run.Run(CancellationToken.None);
        Assert.That(result.Failures, Is.Empty);
        foreach (RecordedTrace trace in result.Traces)
        {
            Assert.That(new FileInfo(trace.Path).Length, Is.EqualTo(trace.Bytes));
            Assert.That(Replay(trace.Path).Calls, Is.EqualTo(trace.Calls));
        }
    }

    [Test]
    public void Simulator_WithRecording_ReplaysIdenticallyAndGivesTheSameResult()
    {
        string scenario = Path.Combine(AppContext.BaseDirectory, "scenarios", "peer-vanishes.json");
        Assert.That(Cli.Run("sim", scenario, "--record", _directory, "--json").Output, Is.EqualTo(Cli.Run("sim", scenario, "--json").Output));
        string[] traces = Directory.GetFiles(_directory, "*.nxtrace");
        Assert.That(traces, Has.Length.EqualTo(2));
        Assert.That(Cli.Run(["replay", .. traces]).Code, Is.EqualTo((int)ExitCode.Ok));
    }

    private static ReplayResult Replay(string path)
    {
        using FileStream file = File.OpenRead(path);
        ReplayResult result = Replayer.Run(file);
        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical), string.Join('\n', result.Report));
        return result;
    }
}
