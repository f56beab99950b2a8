using NexStream.Core.Congestion;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Tests.Support;
using NexStream.Tests.Tracing;
using NexStream.Tools.Fuzz.Running;
using NexStream.Tools.Fuzz.Targets;

namespace NexStream.Tests.Fuzzing;

/// <summary>What the fuzzer writes about a failure between two endpoints: traces that replay takes, and that fail there as well.</summary>
[TestFixture, NonParallelizable]
internal sealed class FailureTraceTests
{
    private const long IterationsMax = 100_000;

    private static readonly CongestionControllerFactory s_faulty = new(FaultyControl.ControllerName, () => new FaultyControl());

    private string _directory = string.Empty;

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("nexstream-fuzz-test-").FullName;

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void Run_FaultPlantedInAnEndpoint_LeavesATraceThatThrowsTheSameWhenReplayed()
    {
        var target = new PairTarget(config => config with { Congestion = s_faulty });
        FuzzResult result = new Runner(target, new FuzzOptions { Iterations = IterationsMax, Failures = _directory }).Run(file => Assert.Fail(file));
        Assert.That(result.Failure, Does.Contain(nameof(FaultyControl.FaultException)));

        ReplayResult[] replayed = [.. Traces(result).Select(Replay)];

        Assert.That(replayed, Has.Length.GreaterThanOrEqualTo(2), "There is a trace of each endpoint.");
        Assert.That(replayed.Select(trace => trace.Verdict), Has.Some.EqualTo(ReplayVerdict.Throws).And.None.EqualTo(ReplayVerdict.Differs));
        Assert.That(replayed.Select(trace => trace.Thrown), Has.Some.InstanceOf<FaultyControl.FaultException>());
    }

    [Test]
    public void Replay_TracesOfAnInputThatDoesNotFail_AreIdentical()
    {
        byte[] input = new byte[64];
        new NexStream.Tools.Fuzz.FuzzRandom(5).Fill(input);
        IReadOnlyList<string> files = FailureFiles.WriteTraces(new PairTarget(), [input], _directory, "pair");
        Assert.That(files, Has.Count.EqualTo(2));
        (int code, string output) = Cli.Run(["replay", .. files]);
        Assert.That(code, Is.Zero, output);
    }

    private static IEnumerable<string> Traces(FuzzResult result) => result.Files.Where(file => file.EndsWith(".nxtrace", StringComparison.Ordinal));

    private static ReplayResult Replay(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Replayer.Run(file, new Suppliers { Controllers = [s_faulty] });
    }
}
