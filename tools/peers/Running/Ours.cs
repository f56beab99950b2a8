using System.Globalization;

namespace NexStream.Peers.Running;

/// <summary>The command of ours that is compared.</summary>
internal sealed class Ours
{
    private readonly string _file;
    private readonly string[] _before;

    private Ours(string file, params string[] before)
    {
        _file = file;
        _before = before;
    }

    /// <summary>Finds the command: the one named, or the Release build in the repository.</summary>
    /// <returns>The command, or null where there is none.</returns>
    public static Ours? Find(string root, string? named)
    {
        string path = named ?? Path.Combine(root, "tools", "nexstream", "bin", "Release", "net10.0", "nexstream.dll");
        if (!File.Exists(path))
        {
            return null;
        }

        return path.EndsWith(".dll", StringComparison.Ordinal) ? new Ours("dotnet", path) : new Ours(path);
    }

    /// <summary>How the command is started.</summary>
    public string Executable => _file;

    /// <summary>Everything that a call of the command begins with.</summary>
    public IEnumerable<string> Before => _before;

    public (Results.PeerResult? Result, string? Problem) Measure(IEnumerable<string> arguments, double seconds) =>
        Command.Measure(_file, [.. _before, .. arguments, "--seconds", seconds.ToString(CultureInfo.InvariantCulture)], seconds);
}
