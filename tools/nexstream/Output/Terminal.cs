using Spectre.Console;

namespace NexStream.Tool.Output;

/// <summary>The two streams that people read.</summary>
internal static class Terminal
{
    private const int WidthElsewhere = 120;

    /// <summary>Results.</summary>
    public static IAnsiConsole Out { get; } = Create(Console.Out);

    /// <summary>Progress and errors.</summary>
    public static IAnsiConsole Error { get; } = Create(Console.Error);

    private static IAnsiConsole Create(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });

        // What is no terminal has no width: there, a table must not be folded.
        console.Profile.Width = console.Profile.Out.IsTerminal ? console.Profile.Width : WidthElsewhere;
        return console;
    }
}
