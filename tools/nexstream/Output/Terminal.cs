using Spectre.Console;

namespace NexStream.Tool.Output;

/// <summary>The two streams that people read.</summary>
internal static class Terminal
{
    /// <summary>Results.</summary>
    public static IAnsiConsole Out { get; } = Create(Console.Out);

    /// <summary>Progress and errors.</summary>
    public static IAnsiConsole Error { get; } = Create(Console.Error);

    private static IAnsiConsole Create(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
}
