using NexStream.Tool.Commands;

namespace NexStream.Tests.Support;

/// <summary>The command, as a shell calls it. Its output goes through the console: fixtures that use this run alone.</summary>
internal static class Cli
{
    public static (int Code, string Output) Run(params string[] arguments)
    {
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            return (CommandLine.Run(arguments), output.ToString());
        }
        finally
        {
            Console.SetOut(console);
        }
    }
}
