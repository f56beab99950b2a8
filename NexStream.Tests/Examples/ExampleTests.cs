using System.Globalization;

namespace NexStream.Tests.Examples;

/// <summary>The programs in tools/examples do what they say.</summary>
[TestFixture, NonParallelizable]
[Category("Slow")]
[CancelAfter(120_000)]
internal sealed class ExampleTests
{
    [Test]
    public async Task Echo_AllModes_ReliableOnesLoseNothing()
    {
        string output = await ExampleProgram.RunAsync("nexstream-echo");
        Assert.That(output, Does.Contain("ReliableOrdered: 100000 of 100000").And.Contain("ReliableUnordered: 100000 of 100000"));
        Assert.That(output, Does.Contain("BestEffort: ").And.Contain("Probabilistic: "));
    }

    [Test]
    public async Task GameLoop_SixtyTicks_EveryStepArrivesAndIsShown()
    {
        string[] words = (await ExampleProgram.RunAsync("gameloop", "60")).Split(' ');
        int sent = int.Parse(words[2], CultureInfo.InvariantCulture);
        int shown = int.Parse(words[7], CultureInfo.InvariantCulture);

        // A step takes a tick to the server and one back: what was sent last is still under way at the end.
        Assert.That(sent, Is.InRange(50, 60));
        Assert.That(shown, Is.InRange(sent - 5, sent));
    }

    [Test]
    public async Task AllReduce_64MebibytesOver4Processes_SumsRightlyOverBothTransports()
    {
        string output = await ExampleProgram.RunAsync("allreduce", "4", "64");
        TestContext.Out.WriteLine(output);
        for (int rank = 0; rank < 4; rank++)
        {
            Assert.That(output, Does.Contain($"nexstream process {rank}: 67108864 bytes summed").And.Contain($"tcp process {rank}: 67108864 bytes summed"));
        }
    }

    [Test]
    public async Task GameWorld_TwoSilos_EveryCallIsAnswered()
    {
        string output = await ExampleProgram.RunAsync("gameworld", "20", "10");
        TestContext.Out.WriteLine(output);

        // 20 players in 10 ticks, and 8 regions that are looked at twice.
        Assert.That(output, Does.Contain("every connection over NexStream").And.Contain("silo-1: ").And.Contain("silo-2: "));
        Assert.That(output, Does.Contain("216 calls answered, 0 failed"));
    }

    [Test]
    public async Task GameWorld_SiloIsKilled_EverybodyWalksOnOnTheOther()
    {
        string output = await ExampleProgram.RunAsync("gameworld", "20", "10", "--kill");
        TestContext.Out.WriteLine(output);
        Assert.That(output, Does.Contain("silo-2 was killed with ").And.Contain("everybody walks again"));
        Assert.That(output[output.LastIndexOf("Tick ", StringComparison.Ordinal)..], Does.Contain("silo-1: 8 regions (0 1 2 3 4 5 6 7), 20 players").And.Not.Contain("silo-2"));
    }
}
