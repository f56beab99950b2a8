using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace NexStream.Tool.Commands;

/// <summary>The command and its subcommands.</summary>
internal static partial class CommandLine
{
    /// <summary>What there is to say to the command.</summary>
    public static RootCommand Create() => new(
        """
        NexStream: streams in four delivery modes over one connection.

        nexstream COMMAND --help has the options of each command, and examples.

        Exit codes: 0 done, 1 a guarantee or a transfer failed, 2 usage, 3 no link, 4 the peer was lost, 5 a replayed call throws, 130 interrupted.
        """)
    {
        DemoCommand.Create(),
        SendCommand.Create(),
        ReceiveCommand.Create(),
        SimCommand.Create(),
        RecordCommand.Create(),
        ReplayCommand.Create(),
        TraceCommand.Create(),
        PerfCommand.Create(),
        SwarmCommand.Create(),
        FuzzCommand.Create(),
        TopCommand.Create(),
    };

    /// <summary>Runs the command. Returns its exit code.</summary>
    public static int Run(string[] arguments)
    {
        RootCommand root = Create();
        ParseResult result = root.Parse(arguments);
        if (result.CommandResult.Command == root)
        {
            Shorten(root);
        }

        if (result.Action is not ParseErrorAction error)
        {
            return result.Invoke();
        }

        // Whoever made a mistake reads what it was, not a page of help behind it.
        error.ShowHelp = arguments.Length == 0;
        result.Invoke();
        if (!error.ShowHelp)
        {
            Console.Error.WriteLine($"{string.Join(' ', Path(result.CommandResult).Reverse())} --help says what can be said.");
        }

        return (int)ExitCode.Usage;
    }

    /// <summary>The list of all commands has a sentence for each; the rest stands in the command's own help.</summary>
    private static void Shorten(RootCommand root)
    {
        foreach (Command command in root.Subcommands)
        {
            command.Description = Sentence().Match(command.Description ?? string.Empty).Value.ReplaceLineEndings(" ");
        }
    }

    /// <summary>The names of a command and of those that it stands in, its own first.</summary>
    private static IEnumerable<string> Path(CommandResult command)
    {
        yield return command.Parent is null ? "nexstream" : command.Command.Name;
        if (command.Parent is CommandResult parent)
        {
            foreach (string name in Path(parent))
            {
                yield return name;
            }
        }
    }

    [GeneratedRegex(@"^.*?\.(?=\s|$)", RegexOptions.Singleline)]
    private static partial Regex Sentence();
}
