using System.Numerics;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Running;
using NexStream.Tests.Support;

namespace NexStream.Tests.Swarm;

/// <summary>Worlds as nexstream swarm runs them: a few here, hundreds of fresh ones with every change.</summary>
[TestFixture]
[NonParallelizable]
public sealed class SwarmTests
{
    [Test]
    public void Worlds_SomeSeeds_EveryInvariantHolds()
    {
        SwarmResult result = Worlds.Run(1, 60, TimeSpan.MaxValue, threads: 1);
        Assert.That(result.Failures, Is.Empty);
        Assert.That(result.Worlds, Is.EqualTo(60));
    }

    [Test]
    public void World_SameSeedTwice_SaysTheSameToTheLastByte([Values(3UL, 17UL, 29UL, 41UL)] ulong seed)
    {
        var kit = new WorldKit();
        SeedResult first = Worlds.RunOne(seed, kit);
        SeedResult second = Worlds.RunOne(seed, kit);
        Assert.That(second, Is.EqualTo(first));
        Assert.That(Worlds.RunOne(seed + 1, kit).Hash, Is.Not.EqualTo(first.Hash));
    }

    [Test]
    public void World_Watched_RunsAsItDoesUnwatched()
    {
        var lines = new List<string>();
        SeedResult watched = Worlds.RunOne(5, new WorldKit(), lines.Add);
        Assert.That(watched, Is.EqualTo(Worlds.RunOne(5, new WorldKit())));
        Assert.That(lines, Has.Some.Contains("world 5:"));
        Assert.That(lines, Has.Some.Contains("ConnInit"));
    }

    [Test]
    public void Worlds_OnSeveralThreads_ComeToTheSame()
    {
        string one = Worlds.Run(100, 115, TimeSpan.MaxValue, threads: 1).Hash;
        Assert.That(Worlds.Run(100, 115, TimeSpan.MaxValue, threads: 3).Hash, Is.EqualTo(one));
    }

    [Test]
    public void Describe_AWorld_NamesWhatEndpointsHaveAndNoTypes()
    {
        string text = WorldDraw.Of(635).Describe();
        Assert.That(text, Does.Contain("Congestion = bbr").And.Contain("PathScheduler = lowest_rtt").And.Contain("FurtherNodes = [5357"));
        Assert.That(text, Does.Not.Contain("NexStream.").And.Not.Contain("System.").And.Not.Contain("`").And.Not.Contain("Key ="));
    }

    [Test]
    public void Draw_ManySeeds_EveryFeatureIsOnInSomeAndOffInOthers()
    {
        var on = new int[BitOperations.Log2((ulong)Enum.GetValues<Feature>().Max()) + 1];
        const int Seeds = 400;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            for (ulong rest = (ulong)WorldDraw.Of(seed).Features; rest != 0; rest &= rest - 1)
            {
                on[BitOperations.TrailingZeroCount(rest)]++;
            }
        }

        Assert.That(on, Is.All.InRange(1, Seeds - 1));
    }

    [Test]
    public void Draw_AnySeed_MakesEndpointsWithTheirConfigurations()
    {
        var kit = new WorldKit();
        for (ulong seed = 10_000; seed < 10_300; seed++)
        {
            Assert.DoesNotThrow(() => _ = new World(WorldDraw.Of(seed), kit), $"Seed {seed}.");
        }
    }

    [Test]
    public void Failure_Any_NamesTheCommandThatShowsItAgain() =>
        Assert.That(Worlds.CommandOf(42), Is.EqualTo("nexstream swarm --seeds 42..42 --verbose"));

    [Test]
    public void Command_FewSeeds_SaysThatEverythingHeld()
    {
        (int code, string output) = Cli.Run("swarm", "--seeds", "1..3", "--json");
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain("\"ok\":true").And.Contain("\"worlds\":3"));
    }

    /// <summary>A crash in the world makes a second life of a node, with a trace of its own.</summary>
    [Test]
    public void Command_OneSeedWithTraces_RecordsEndpointsThatReplayTheSame()
    {
        string directory = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"swarm-{Guid.NewGuid():N}");
        try
        {
            (int code, string output) = Cli.Run("swarm", "--seeds", "17..17", "--traces", directory);
            Assert.That(code, Is.Zero, output);
            string[] traces = Directory.GetFiles(directory, "seed-17-host-*.nxtrace");
            Assert.That(traces, Has.Length.GreaterThanOrEqualTo(2));
            Assert.That(Cli.Run(["replay", .. traces]).Code, Is.Zero);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Test]
    public void Command_SeedsThatAreNone_IsUsage([Values("2..1", "a..b")] string seeds) =>
        Assert.That(Cli.Run("swarm", "--seeds", seeds).Code, Is.EqualTo(2));
}
