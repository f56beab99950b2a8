using System.Diagnostics;
using NexStream.Peers.Results;

namespace NexStream.Peers.Running;

/// <summary>Runs a program to its end.</summary>
internal static class Command
{
    /// <summary>How long a run may take beyond the seconds it was asked for, before it counts as stuck.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs a program that prints a result.</summary>
    /// <returns>The result, or null and what the program said instead.</returns>
    public static (PeerResult? Result, string? Problem) Measure(string file, IEnumerable<string> arguments, double seconds)
    {
        (int? code, string output, string error) = Run(file, arguments, TimeSpan.FromSeconds(seconds) + s_patience);
        if (code is null)
        {
            return (null, "did not end");
        }

        PeerResult? result = code == 0 ? PeerResult.Find(output) : null;
        return result is not null ? (result, null) : (null, FirstLine(error) ?? FirstLine(output) ?? $"ended with {code} and no result");
    }

    /// <summary>Runs a program.</summary>
    /// <returns>Its exit code, or null where it could not be started or had to be stopped.</returns>
    public static (int? Code, string Output, string Error) Run(string file, IEnumerable<string> arguments, TimeSpan limit)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start);
            if (process is null)
            {
                return (null, string.Empty, "cannot be started");
            }

            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            if (process.WaitForExit(limit))
            {
                return (process.ExitCode, output.Result, error.Result);
            }

            process.Kill(entireProcessTree: true);
            return (null, string.Empty, "did not end");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, string.Empty, $"{Path.GetFileName(file)} cannot be started");
        }
    }

    private static string? FirstLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()?.Trim();
}
