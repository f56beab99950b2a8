namespace NexStream.Tests.Wire;

/// <summary>
/// The worked examples of docs/wire-format.md. Each is a fenced block whose info string is "example" and what it shows; it holds the
/// bytes in hexadecimal, "#" begins a remark, then a line "--" and the decoded fields.
/// </summary>
internal static class WireDocument
{
    /// <summary>What is not a frame: whole headers and packets.</summary>
    public const string LinkHeaderKind = "NexLink header";
    public const string PacketHeaderKind = "packet header";
    public const string WholeKind = "NexLink frame";

    private const string Opening = "```example ";
    private const string Closing = "```";
    private const string Separator = "--";

    public static IReadOnlyList<string> Lines { get; } = File.ReadAllLines(Path.Combine(FindRoot(), "docs", "wire-format.md"));

    public static IReadOnlyList<WireExample> Examples { get; } = Parse();

    public static IEnumerable<WireExample> Frames =>
        Examples.Where(example => example.Kind is not (LinkHeaderKind or PacketHeaderKind or WholeKind));

    public static WireExample Single(string kind) => Examples.Single(example => example.Kind == kind);

    private static List<WireExample> Parse()
    {
        var examples = new List<WireExample>();
        for (int i = 0; i < Lines.Count; i++)
        {
            if (!Lines[i].StartsWith(Opening, StringComparison.Ordinal))
            {
                continue;
            }

            string kind = Lines[i][Opening.Length..].Trim();
            int line = i + 1;
            var bytes = new List<byte>();
            for (i++; Lines[i] != Separator; i++)
            {
                bytes.AddRange(Convert.FromHexString(Lines[i].Split('#')[0].Replace(" ", "", StringComparison.Ordinal)));
            }

            var fields = new List<string>();
            for (i++; Lines[i] != Closing; i++)
            {
                fields.Add(Lines[i]);
            }

            examples.Add(new WireExample(kind, [.. bytes], fields, line));
        }

        return examples;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "NexStream.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds NexStream.sln.");
    }
}
