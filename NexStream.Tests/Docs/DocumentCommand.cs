using System.Text.RegularExpressions;

namespace NexStream.Tests.Docs;

/// <summary>
/// A command line as a document writes it. What stands in brackets may be left out, a bar divides alternatives, words in capitals stand for values, and what is
/// behind two spaces or a number sign explains it.
/// </summary>
/// <param name="Document">The document's path from the root.</param>
/// <param name="Line">The number of the line.</param>
/// <param name="Text">The command, without what explains it.</param>
/// <param name="IsWhole">Whether somebody could type it so; false: prose names it, and may leave out what the command needs.</param>
internal sealed partial record DocumentCommand(string Document, int Line, string Text, bool IsWhole)
{
    /// <summary>What capitals stand for; of others, FILE for one, the word itself does.</summary>
    private static readonly Dictionary<string, string> s_values = new()
    {
        ["BYTES"] = "1000",
        ["COMMAND"] = "demo",
        ["FROM"] = "1",
        ["HOST"] = "localhost",
        ["MBPS"] = "20",
        ["N"] = "1",
        ["PORT"] = "4433",
        ["S"] = "1",
        ["TARGET"] = "pair",
        ["TIME"] = "1s",
        ["TO"] = "2",
    };

    /// <summary>The commands of all documents.</summary>
    public static IEnumerable<DocumentCommand> All => DocumentBlock.All.SelectMany(InBlock).Concat(DocumentBlock.Documents.SelectMany(document => InProse(document, Repository.Read(document))));

    /// <summary>The command's words, once for each way to choose among its alternatives.</summary>
    public IEnumerable<string[]> Forms()
    {
        IEnumerable<string[]> forms = [[]];
        foreach (string word in Text.Replace("[options]", string.Empty, StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            // A host of IPv6 keeps its brackets.
            string bare = word.Contains(":[", StringComparison.Ordinal) ? word : word.Replace("[", string.Empty, StringComparison.Ordinal).Replace("]", string.Empty, StringComparison.Ordinal);
            string[] choices = [.. bare.Replace("…", string.Empty, StringComparison.Ordinal).Split('|', StringSplitOptions.RemoveEmptyEntries).Select(Fill)];
            forms = choices.Length == 0 ? forms : forms.SelectMany(form => choices.Select(choice => (string[])[.. form, choice]));
        }

        return forms;
    }

    public override string ToString() => $"{Document}:{Line} {Text}";

    /// <summary>The commands of a block: all of it where it says that it is for a shell, else the lines that begin as one.</summary>
    public static IEnumerable<DocumentCommand> InBlock(DocumentBlock block) =>
        from line in block.Lines
        where block.Language == "sh" ? line.Text.Length > 0 && line.Text[0] != '#' : block.Language is null or "" or "text" && Beginning().IsMatch(line.Text)
        from command in Explanation().Replace(line.Text, string.Empty).Split(" && ")
        select new DocumentCommand(block.Document, line.Line, command, IsWhole: true);

    /// <summary>The commands that a text has between backticks.</summary>
    public static IEnumerable<DocumentCommand> InProse(string document, string text) =>
        from line in text.Split('\n').Index()
        from Match code in Code().Matches(line.Item)
        where Beginning().IsMatch(code.Groups[1].Value)
        select new DocumentCommand(document, line.Index + 1, code.Groups[1].Value, IsWhole: false);

    private static string Fill(string word) => Capitals().Replace(word, match => s_values.GetValueOrDefault(match.Value, match.Value));

    [GeneratedRegex(@"^((\S*/)?nexstream|dotnet|dotnet-\w+|bash|cmake|cp|tshark|\./\S+|(tools|nexlink-native)/\S+(\.sh|/run\S*)) (?=\S)|^(tools|nexlink-native)/\S+(\.sh|/run\S*)$")]
    private static partial Regex Beginning();

    [GeneratedRegex(@"(\s{2,}| # ).*$")]
    private static partial Regex Explanation();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?<![\w-])[A-Z]+(?![\w-])")]
    private static partial Regex Capitals();
}
