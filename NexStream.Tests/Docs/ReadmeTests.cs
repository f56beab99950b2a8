namespace NexStream.Tests.Docs;

/// <summary>README.md is two screens, and what it tells to type is run.</summary>
[TestFixture]
internal sealed class ReadmeTests
{
    /// <summary>Two screens.</summary>
    private const int LinesMax = 100;

    /// <summary>The parts of .ci/run that take the commands of the quick start from README.md and run them.</summary>
    private static readonly string[] s_quickStart = ["readme_commands() { awk '/^```sh$/", "readme_commands >", "begin \"README\" readme\n"];

    /// <summary>Where each command of README.md is run: texts of .ci/run.</summary>
    private static readonly Dictionary<string, string[]> s_runs = new()
    {
        ["dotnet run -c Release --project tools/nexstream -- demo"] = s_quickStart,
        ["dotnet test -c Release"] = s_quickStart,

        // It is what runs everything else.
        ["bash .ci/run"] = ["Works on a bare clone: bash .ci/run"],
    };

    private static IEnumerable<DocumentCommand> Commands => DocumentCommand.All.Where(command => command.Document == "README.md");

    [Test]
    public void Readme_IsTwoScreensLong() => Assert.That(Repository.Read("README.md").Split('\n')[..^1], Has.Length.LessThanOrEqualTo(LinesMax));

    [Test]
    public void Readme_QuickStart_HasExactlyTwoCommands() =>
        Assert.That(
            DocumentBlock.All.First(block => block is { Document: "README.md", Language: "sh" }).Text,
            Is.EqualTo("dotnet run -c Release --project tools/nexstream -- demo\ndotnet test -c Release\n"));

    [TestCaseSource(nameof(Commands))]
    public void Readme_EveryCommand_IsRun(DocumentCommand command)
    {
        Assert.That(s_runs, Does.ContainKey(command.Text), "a command of README.md that nothing runs");
        string ci = Repository.Read(".ci/run");
        Assert.That(s_runs[command.Text].Where(text => !ci.Contains(text, StringComparison.Ordinal)), Is.Empty, "not in .ci/run any more");
    }

    [Test]
    public void Readme_OptionsOfTheDemo_AreRun()
    {
        string[] options = [.. Repository.Read("README.md").Split('`').Where((_, index) => index % 2 == 1).Where(code => code.StartsWith("--", StringComparison.Ordinal)).Select(code => code.Replace('\n', ' '))];
        Assert.That(options, Has.Length.GreaterThanOrEqualTo(2));
        string demo = Repository.Read(".ci/run").Split('\n').Single(line => line.Contains("-- demo --json --loss", StringComparison.Ordinal));
        Assert.That(options.Where(option => !demo.Contains(option, StringComparison.Ordinal)), Is.Empty);
    }
}
