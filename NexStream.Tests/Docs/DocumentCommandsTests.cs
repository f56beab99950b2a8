using System.CommandLine;
using System.CommandLine.Parsing;
using NexStream.Tool.Commands;

namespace NexStream.Tests.Docs;

/// <summary>Every command that a document names is one that there is, with options that there are.</summary>
[TestFixture]
internal sealed class DocumentCommandsTests
{
    /// <summary>What a machine has to have besides the SDK and this repository; a document says so where it names one.</summary>
    private static readonly string[] s_othersTools = ["cmake", "cp", "ctest", "dotnet-counters", "dotnet-trace", "tshark"];

    /// <summary>Where documents let builds put programs, which are called as their projects.</summary>
    private const string Built = "artifacts/";

    private static readonly RootCommand s_root = CommandLine.Create();

    private static IEnumerable<string> Projects => Repository.Sources(".csproj");

    private static IEnumerable<DocumentCommand> Commands => DocumentCommand.All.Distinct();

    /// <summary>The examples of the command's own help.</summary>
    private static IEnumerable<DocumentCommand> HelpExamples =>
        from command in Tree(s_root)
        from line in (command.Description ?? string.Empty).Split('\n')
        where line.StartsWith("  nexstream ", StringComparison.Ordinal)
        from part in line.Trim().Split(" && ")
        select new DocumentCommand($"{command.Name} --help", 0, part, IsWhole: true);

    private static IEnumerable<TestCaseData> Options =>
        from command in s_root.Subcommands
        from option in Tree(command).SelectMany(part => part.Options).Where(option => !option.Hidden).Distinct()
        select new TestCaseData(command.Name, string.Join('|', option.Aliases.Prepend(option.Name)));

    [Test]
    public void Documents_WithCommands_AreFound()
    {
        Assert.That(Commands.Count(command => command.IsWhole), Is.GreaterThan(30));
        Assert.That(Commands.Count(command => !command.IsWhole), Is.GreaterThan(20));
        Assert.That(HelpExamples.Count(), Is.GreaterThan(20));
    }

    [TestCaseSource(nameof(Commands))]
    [TestCaseSource(nameof(HelpExamples))]
    public void Command_OfADocument_IsOneThatThereIs(DocumentCommand command)
    {
        foreach (string[] form in command.Forms())
        {
            Assert.That(Complaint(command, form), Is.Null, string.Join(' ', form));
        }
    }

    [TestCaseSource(nameof(Options))]
    public void Option_OfACommand_StandsInItsPartOfTheDocument(string command, string names)
    {
        string page = Repository.Read("docs/cli.md");
        IEnumerable<string> lines = page.Split('\n').Where(line => line.Contains($"nexstream {command} ", StringComparison.Ordinal));
        string section = page.Split("\n## ").SingleOrDefault(part => part.Split('\n')[0].Split(' ').Contains(command)) ?? string.Empty;
        Assert.That(string.Join('\n', lines) + section, Does.Match($"({names})(?![\\w-])"), "an option that nobody can look up");
    }

    [Test]
    public void Command_ThatUsesWhatABuildMade_IsOneWhetherItWasMadeOrNot()
    {
        const string Text = "artifacts/core-only/core-only artifacts/nobody-made-this";
        DocumentCommand command = DocumentCommand.InBlock(new DocumentBlock("docs/page.md", 1, "sh", Text + '\n')).Single();
        bool isThere = Directory.Exists(Path.Combine(Repository.Root, Built));
        Directory.CreateDirectory(Path.Combine(Repository.Root, Built));
        try
        {
            Assert.That(command.Forms().Select(form => Complaint(command, form)), Is.All.Null);
        }
        finally
        {
            if (!isThere)
            {
                Directory.Delete(Path.Combine(Repository.Root, Built));
            }
        }
    }

    [TestCase("nexstream sim FILE --plto OUT.svg")]
    [TestCase("nexstream replay TRACE --plot OUT.svg", Description = "The parser takes it for a second file.")]
    [TestCase("nexstream perf --mode ro|xx")]
    [TestCase("nexstream sim --json")]
    [TestCase("nexstream fuzz list --coverage")]
    [TestCase("artifacts/swarm/nexstream swarm --seeds 2..1")]
    [TestCase("dotnet run -c Release --project tools/nexstreams -- demo")]
    [TestCase("dotnet run -c Release --project tools/nexstream -- dmeo")]
    [TestCase("dotnet test NexStream.Test --filter TestCategory=Attack26")]
    [TestCase("tools/guards/removed.sh")]
    [TestCase("artifacts/core-only/core")]
    [TestCase("bash .ci/runs")]
    [TestCase("tshark -X lua_script:tools/wireshark/nexstreams.lua")]
    [TestCase("nexstram demo")]
    public void Command_ThatIsWrong_IsFound(string text)
    {
        DocumentCommand command = DocumentCommand.InBlock(new DocumentBlock("docs/page.md", 1, "sh", text + '\n')).Single();
        Assert.That(command.Forms().Select(form => Complaint(command, form)), Has.Some.Not.Null);
    }

    /// <summary>What is wrong with a command; null: nothing.</summary>
    private static string? Complaint(DocumentCommand command, string[] words)
    {
        if (words.Select(WithoutPrefix).FirstOrDefault(word => IsOfTheRepository(word) && !IsThere(command.Document, word)) is { } missing)
        {
            return $"there is no {missing}";
        }

        string program = words[0] == "bash" ? words[1] : words[0];
        if (Path.GetFileName(program) == "nexstream")
        {
            return Complaint(words[1..], command.IsWhole);
        }

        if (program == "dotnet")
        {
            string? project = ProjectOf(words);
            int separator = Array.IndexOf(words, "--");
            return project is not null && !Projects.Any(path => Path.GetDirectoryName(path) == project)
                ? $"{project} has no project"
                : project == "tools/nexstream" && separator >= 0 ? Complaint(words[(separator + 1)..], command.IsWhole) : null;
        }

        bool isKnown = s_othersTools.Contains(program)
            || (program.StartsWith(Built, StringComparison.Ordinal) ? Projects.Any(path => Path.GetFileNameWithoutExtension(path) == Path.GetFileName(program)) : IsThere(command.Document, program));
        return isKnown ? null : $"there is no {program}";
    }

    private static string? Complaint(string[] arguments, bool isWhole)
    {
        ParseResult result = s_root.Parse(arguments);
        HashSet<string> known = [.. Ancestors(result.CommandResult).SelectMany(part => part.Command.Options).SelectMany(option => option.Aliases.Append(option.Name))];
        IEnumerable<string> errors = result.Errors.Where(error => isWhole || error.SymbolResult is ArgumentResult { Tokens.Count: > 0 }).Select(error => error.Message);
        return arguments.Where(word => word.StartsWith('-') && !known.Contains(word)).Select(word => $"{result.CommandResult.Command.Name} has no option {word}")
            .Concat(result.UnmatchedTokens.Select(word => $"nobody takes {word}"))
            .Concat(errors).FirstOrDefault();
    }

    /// <summary>The project that dotnet is told of; null: none, it takes the solution.</summary>
    private static string? ProjectOf(string[] words)
    {
        int option = Array.IndexOf(words, "--project");
        return option >= 0 ? words[option + 1]
            : words is [_, "build" or "test" or "pack" or "publish", var project, ..] && !project.StartsWith('-') ? project
            : null;
    }

    private static bool IsThere(string document, string path) =>
        Path.Exists(Path.Combine(Repository.Root, path)) || Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(document)!, path));

    /// <summary>Whether a word is a path that begins with a folder of the repository. What a build makes there need not be there.</summary>
    private static bool IsOfTheRepository(string word) =>
        word.IndexOf('/', StringComparison.Ordinal) > 0
        && !word.StartsWith(Built, StringComparison.Ordinal)
        && !word.Contains("/bin/", StringComparison.Ordinal)
        && Directory.Exists(Path.Combine(Repository.Root, word.Split('/')[0]));

    /// <summary>A word such as lua_script:tools/wireshark/nexstream.lua has its path behind a colon.</summary>
    private static string WithoutPrefix(string word) => word[(word.IndexOf(':', StringComparison.Ordinal) + 1)..];

    private static IEnumerable<Command> Tree(Command command) => command.Subcommands.SelectMany(Tree).Prepend(command);

    private static IEnumerable<CommandResult> Ancestors(CommandResult? result)
    {
        for (; result is not null; result = result.Parent as CommandResult)
        {
            yield return result;
        }
    }
}
