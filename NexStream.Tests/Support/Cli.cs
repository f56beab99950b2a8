using NexStream.Tool.Commands;

namespace NexStream.Tests.Support;

/// <summary>The command, as a shell calls it. Its output goes through the console: fixtures that use this run alone.</summary>
internal static class Cli
{
    /// <summary>What a run of the command came to.</summary>
    /// <param name="Code">Its exit code.</param>
    /// <param name="Output">What it wrote as its result.</param>
    /// <param name="Errors">What it wrote besides, for people.</param>
    public readonly record struct Result(int Code, string Output, string Errors)
    {
        public void Deconstruct(out int code, out string output) => (code, output, _) = this;
    }

    public static Result Run(params string[] arguments)
    {
        (TextWriter consoleOut, TextWriter consoleError) = (Console.Out, Console.Error);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        Console.SetOut(output);
        Console.SetError(errors);
        try
        {
            return new Result(CommandLine.Run(arguments), output.ToString(), errors.ToString());
        }
        finally
        {
            Console.SetOut(consoleOut);
            Console.SetError(consoleError);

            // It belongs to the test, and is seen where that fails.
            TestContext.Out.Write(errors);
        }
    }
}
