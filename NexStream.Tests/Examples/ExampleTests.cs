using System.Globalization;

namespace NexStream.Tests.Examples;

/// <summary>The programs in tools/examples do what they say.</summary>
[TestFixture]
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
    [Category("Slow")]
    public async Task AllReduce_64MebibytesOver4Processes_SumsRightlyOverBothTransports()
    {
        string output = await ExampleProgram.RunAsync("allreduce", "4", "64");
        TestContext.Out.WriteLine(output);
        for (int rank = 0; rank < 4; rank++)
        {
            Assert.That(output, Does.Contain($"nexstream process {rank}: 67108864 bytes summed").And.Contain($"tcp process {rank}: 67108864 bytes summed"));
        }
    }
}
