namespace NexStream.Tests.Docs;

/// <summary>The files of the repository that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] s_ignored = ["bin", "obj", ".git", "artifacts", "BenchmarkDotNet.Artifacts", "TestResults"];

    public static string Root { get; } = FindUp("NexStream.sln");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Source files with one of the extensions, as paths from the root with forward slashes.</summary>
    public static IEnumerable<string> Sources(params string[] extensions) => Walk(new DirectoryInfo(Root))
        .Where(file => extensions.Contains(file.Extension))
        .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<FileInfo> Walk(DirectoryInfo directory) => directory.EnumerateFiles().Concat(
        directory.EnumerateDirectories()
            .Where(child => !s_ignored.Contains(child.Name) && !child.Name.StartsWith("build", StringComparison.Ordinal))
            .SelectMany(Walk));

    private static string FindUp(string file)
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, file)))
            {
                return directory.FullName;
            }
        }

        throw new FileNotFoundException($"No directory above {AppContext.BaseDirectory} has {file}.");
    }
}
