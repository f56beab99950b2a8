using NexStream.Tools.Fuzz;
using NexStream.Tools.Fuzz.Running;

namespace NexStream.Tests.Fuzzing;

/// <summary>The runner of the fuzzer: whatever goes wrong in a target is found, and shown again by what it writes.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class RunnerTests
{
    private string _directory = string.Empty;

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("nexstream-fuzz-test-").FullName;

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [TestCaseSource(nameof(Names))]
    public void Run_EveryTarget_FindsNothing(string name)
    {
        FuzzResult result = Run(FuzzTargets.Find(name)!, 1_000);
        Assert.That(result.Failure, Is.Null);
        Assert.That(result.Iterations, Is.EqualTo(1_000));
    }

    [Test]
    public void Run_InputThatThrows_IsWrittenAlone()
    {
        var target = new PlantedTarget((input, _) => ThrowIf((input[0] & 0x3F) == 7));
        FuzzResult result = Run(target, 10_000);
        Assert.That(result.Ok, Is.False);
        Assert.That(result.Files, Has.Count.EqualTo(1));
        Assert.That(Attempt.Fails(target, [File.ReadAllBytes(result.Files[0])]), Is.True);
    }

    [Test]
    public void Run_FailureThatEarlierInputsMade_IsWrittenWithThem()
    {
        var target = new PlantedTarget((_, since) => ThrowIf(since == 5));
        FuzzResult result = Run(target, 100);
        Assert.That(result.Iterations, Is.EqualTo(5));
        Assert.That(result.Files, Has.Count.EqualTo(5));
        Assert.That(Attempt.Fails(target, result.Files.Select(File.ReadAllBytes)), Is.True);
    }

    [Test]
    public void Run_SameSeed_MakesTheSameInputs([Values(1UL, 99UL)] ulong seed)
    {
        var runs = new List<string>[] { [], [] };
        foreach (List<string> run in runs)
        {
            Run(new PlantedTarget((input, _) => run.Add(Convert.ToHexString(input))), 200, new FuzzOptions { Seed = seed });
        }

        Assert.That(runs[0], Has.Count.EqualTo(200).And.EqualTo(runs[1]));
        Assert.That(runs[0].Distinct().Count(), Is.EqualTo(200));
    }

    [Test]
    public void Run_TargetThatKeepsMemory_IsFound()
    {
        var kept = new List<byte[]>();
        FuzzResult result = Run(new PlantedTarget((_, _) => kept.Add(new byte[256])), 1_000_000);
        Assert.That(result.Failure, Does.Contain("heap"));
        GC.KeepAlive(kept);
    }

    [Test]
    public void Run_InputThatNeverEnds_IsReportedAndWritten()
    {
        using var released = new ManualResetEventSlim();
        string? written = null;
        var target = new PlantedTarget((_, since) =>
        {
            if (since == 3)
            {
                released.Wait();
            }
        });
        var options = new FuzzOptions { Iterations = 3, Failures = _directory, Patience = TimeSpan.FromMilliseconds(50) };
        FuzzResult result = new Runner(target, options).Run(file =>
        {
            written ??= file;
            released.Set();
        });
        Assert.That(result.Iterations, Is.EqualTo(3));
        Assert.That(written, Is.Not.Null);
        Assert.That(File.ReadAllBytes(written!), Has.Length.EqualTo(8));
    }

    [Test]
    public void Run_WithCorpus_BeginsWithItsInputs()
    {
        File.WriteAllBytes(Path.Combine(_directory, "a"), [1, 2, 3]);
        File.WriteAllBytes(Path.Combine(_directory, "b"), [4]);
        var inputs = new List<byte[]>();
        Run(new PlantedTarget((input, _) => inputs.Add(input)), 50, new FuzzOptions { Corpus = _directory });
        Assert.That(inputs[0], Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(inputs[1], Is.EqualTo(new byte[] { 4 }));
        Assert.That(inputs.Skip(2).Select(input => input.Length), Is.Not.All.EqualTo(8), "None was made from those of the corpus.");
    }

    private static IEnumerable<string> Names() => FuzzTargets.Create().Select(target => target.Name);

    private static void ThrowIf(bool condition)
    {
        if (condition)
        {
            throw new FuzzFailureException("planted");
        }
    }

    private FuzzResult Run(IFuzzTarget target, long iterations, FuzzOptions? options = null) =>
        new Runner(target, (options ?? new FuzzOptions()) with { Iterations = iterations, Failures = _directory }).Run(file => Assert.Fail($"A hang: {file}"));
}
