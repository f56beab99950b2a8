using System.Diagnostics;

namespace NexStream.Tests.Examples;

/// <summary>A program of tools/examples as a process of its own.</summary>
internal static class ExampleProgram
{
    public static Process Start(string name, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{name}.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end, which has to be a good one, and gives what it wrote.</summary>
    public static async Task<string> RunAsync(string name, params string[] arguments)
    {
        using Process process = Start(name, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, await errors);
        return output;
    }
}
