namespace NexStream.Peers.Running;

/// <summary>The peers written in C: built by CMake, each where its package is installed.</summary>
internal sealed class NativePeers
{
    private static readonly TimeSpan s_buildLimit = TimeSpan.FromMinutes(5);

    private readonly string _folder;

    private NativePeers(string folder) => _folder = folder;

    /// <summary>Builds all of them that can be built.</summary>
    /// <param name="sources">The folder of CMakeLists.txt.</param>
    /// <param name="folder">Where the programs go.</param>
    /// <returns>The programs, or null and what was wrong.</returns>
    public static (NativePeers? Peers, string? Problem) Build(string sources, string folder)
    {
        foreach (string[] arguments in (string[][])[["-S", sources, "-B", folder, "-DCMAKE_BUILD_TYPE=Release"], ["--build", folder]])
        {
            (int? code, string output, string error) = Command.Run("cmake", arguments, s_buildLimit);
            if (code != 0)
            {
                return (null, $"the native peers cannot be built (apt-get install cmake gcc):\n{output}{error}");
            }
        }

        return (new NativePeers(folder), null);
    }

    /// <summary>Finds a program.</summary>
    /// <returns>Its path, or null where it was not built.</returns>
    public string? Find(string program)
    {
        string path = Path.Combine(_folder, program);
        return File.Exists(path) ? path : null;
    }
}
