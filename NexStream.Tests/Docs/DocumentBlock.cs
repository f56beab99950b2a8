namespace NexStream.Tests.Docs;

/// <summary>Lines of a document that are not prose: fenced, or indented by four.</summary>
/// <param name="Document">The document's path from the root.</param>
/// <param name="Line">The number of the first line of the block, its fence not counted.</param>
/// <param name="Language">The word behind the fence; null where the block is indented.</param>
/// <param name="Text">The lines, without the indentation, each with its end.</param>
internal sealed record DocumentBlock(string Document, int Line, string? Language, string Text)
{
    private const string Fence = "```";
    private const string Indentation = "    ";

    private static readonly string[] s_documents = [.. Repository.Sources(".md").Where(path => path is "README.md" or "nexlink-native/README.md" || path.StartsWith("docs/", StringComparison.Ordinal))];

    /// <summary>Every document that a user reads, as paths from the root.</summary>
    public static IEnumerable<string> Documents => s_documents;

    /// <summary>The blocks of all documents.</summary>
    public static IEnumerable<DocumentBlock> All => s_documents.SelectMany(document => Read(document, Repository.Read(document)));

    public IEnumerable<(int Line, string Text)> Lines => Text.Split('\n')[..^1].Index().Select(line => (Line + line.Index, line.Item));

    /// <summary>Takes the blocks out of a text.</summary>
    public static IEnumerable<DocumentBlock> Read(string document, string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            bool isFenced = lines[i].StartsWith(Fence, StringComparison.Ordinal);
            bool isIndented = IsIndented(lines[i]) && (i == 0 || lines[i - 1].Length == 0);
            if (isFenced || isIndented)
            {
                int from = isFenced ? i + 1 : i;
                int to = from;
                while (to < lines.Length && (isFenced ? lines[to] != Fence : IsIndented(lines[to])))
                {
                    to++;
                }

                string[] block = lines[from..to];
                yield return new DocumentBlock(
                    document, from + 1, isFenced ? lines[i][Fence.Length..] : null, string.Concat(block.Select(line => (isFenced ? line : line[Indentation.Length..]) + '\n')));
                i = to;
            }
        }
    }

    public override string ToString() => $"{Document}:{Line}";

    private static bool IsIndented(string line) => line.StartsWith(Indentation, StringComparison.Ordinal);
}
