using System.Diagnostics;
using SharpFuzz;

namespace NexStream.Tools.Fuzz.Coverage;

/// <summary>A copy of this program whose core reports which branches it takes.</summary>
internal static class Instrumentation
{
    private const string Core = "NexStream.Core.dll";

    /// <summary>Set where the copy runs.</summary>
    private const string Variable = "NEXSTREAM_FUZZ_INSTRUMENTED";

    /// <summary>Whether this is the copy.</summary>
    public static bool IsHere => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Copies the program's files into a directory, and instruments the core there.</summary>
    public static void Copy(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)), overwrite: true);
        }

        Fuzzer.Instrument(Path.Combine(directory, Core), _ => true, Options.Value);
    }

    /// <summary>Runs a copy with these arguments, in a directory that is gone afterwards. Returns its exit code.</summary>
    public static int RunCopy(IReadOnlyList<string> arguments)
    {
        string directory = Directory.CreateTempSubdirectory("nexstream-fuzz-").FullName;
        try
        {
            Copy(directory);
            string program = Environment.ProcessPath!;
            bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
            var start = new ProcessStartInfo(isHost ? program : Path.Combine(directory, Path.GetFileName(program)));
            start.Environment[Variable] = "1";
            if (isHost)
            {
                start.ArgumentList.Add(Path.Combine(directory, Path.GetFileName(Environment.GetCommandLineArgs()[0])));
            }

            foreach (string argument in arguments)
            {
                start.ArgumentList.Add(argument);
            }

            using Process process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
