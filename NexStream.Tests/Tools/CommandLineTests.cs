using NexStream.Tests.Support;
using NexStream.Tool.Commands;

namespace NexStream.Tests.Tools;

/// <summary>What the command says to whoever does not know it yet.</summary>
[TestFixture, NonParallelizable]
public sealed class CommandLineTests
{
    [Test]
    public void Help_OfAll_HasALineForEachCommandAndNoExamples()
    {
        (int code, string output) = Cli.Run("--help");
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain("Sends files to a process that runs nexstream receive").And.Contain("nexstream COMMAND --help"));
        Assert.That(output, Does.Not.Contain("Examples:"));
        Assert.That(output.Split('\n'), Has.Length.LessThan(45), "a screen");
    }

    [Test]
    public void Help_OfACommand_HasItsExamples() => Assert.That(Cli.Run("send", "--help").Output, Does.Contain("nexstream send weights.bin --to shm:models"));

    [Test]
    public void Run_WithoutACommand_ListsThem()
    {
        (int code, string output) = Cli.Run();
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        Assert.That(output, Does.Contain("receive").And.Contain("swarm"));
    }

    [TestCase("nexstream send --help", "--to", "send", "file")]
    [TestCase("nexstream trace cut --help", "--output", "trace", "cut", "file")]
    [TestCase("nexstream --help", "sned", "sned")]
    [TestCase("nexstream send --help", "write shm:NAME", "send", "file", "--to", "models")]
    [TestCase("nexstream swarm --help", "neither a seed, as 635, nor two", "swarm", "--seeds", "2..1")]
    [TestCase("nexstream swarm --help", "neither a seed, as 635, nor two", "swarm", "--seeds", "1..2..3")]
    public void Mistake_OnTheCommandLine_IsWhatIsSaid(string help, string complaint, params string[] arguments)
    {
        (int code, string output, string errors) = Cli.Run(arguments);
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        Assert.That(output, Does.Not.Contain("Usage:"), "nobody finds the mistake behind a page of help");
        Assert.That(errors, Does.Contain(complaint).And.Contain(help));
    }

    [Test]
    public void Swarm_OneSeed_IsThatWorldAlone()
    {
        (int code, string output) = Cli.Run("swarm", "--seeds", "635", "--json");
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Match("\"from\": ?635").And.Match("\"to\": ?635").And.Match("\"worlds\": ?1\\b"));
    }
}
