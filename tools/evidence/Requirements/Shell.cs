using NexStream.Peers.Running;

namespace NexStream.Evidence.Requirements;

/// <summary>Runs commands in the root of the repository, with the Release build of nexstream on the path.</summary>
/// <param name="root">The root of the repository.</param>
internal sealed class Shell(string root)
{
    /// <summary>No process may stay behind and hold the output open, and none may ask.</summary>
    private const string Before = """
        set -euo pipefail
        cd "$0"
        exec 2>&1 </dev/null
        export PATH="$PWD/tools/nexstream/bin/Release/net10.0:$PATH" MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 LC_ALL=C
        mkdir -p artifacts

        """;

    /// <summary>Runs a command to its end.</summary>
    /// <param name="command">What bash reads.</param>
    /// <param name="limit">How long it may take.</param>
    /// <returns>How it ended; paths in what it wrote begin at the root.</returns>
    public CommandOutcome Run(string command, TimeSpan limit)
    {
        (int? code, string output, string error) = Command.Run("bash", ["-c", Before + command, root], limit);
        return new CommandOutcome(code, Without(Without(output + error, $"{root}/"), Path.GetTempPath()));
    }

    private static string Without(string text, string path) => text.Replace(path, string.Empty, StringComparison.Ordinal);
}
