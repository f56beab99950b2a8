namespace NexStream.Tool.Plotting;

/// <summary>The file that a picture goes into: its name says what it is.</summary>
internal static class PlotFile
{
    private const string Svg = ".svg";
    private const string Html = ".html";

    /// <summary>What is wrong with a name, before anything was run for it; null: nothing.</summary>
    public static string? Check(string path)
    {
        if (!Is(path, Svg) && !Is(path, Html))
        {
            return $"--plot {path}: the name says what is drawn, so it has to end in {Svg} (a picture) or {Html} (a page with the picture and the result).";
        }

        string? directory = Path.GetDirectoryName(Path.GetFullPath(path));
        return directory is null || Directory.Exists(directory)
            ? null
            : $"--plot {path}: there is no directory {directory}. Make it first, or name another one.";
    }

    /// <summary>Draws, and writes; a file that is there is replaced.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, PlotSource source) =>
        File.WriteAllText(path, Is(path, Html) ? HtmlPage.Write(source) : Picture.Draw(source, isDocument: true));

    private static bool Is(string path, string extension) => Path.GetExtension(path).Equals(extension, StringComparison.OrdinalIgnoreCase);
}
