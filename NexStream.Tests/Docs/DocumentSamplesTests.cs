using System.Text.RegularExpressions;

namespace NexStream.Tests.Docs;

/// <summary>What documents show of C# is what compiles: the text of a region of a file in this folder, word for word. <see cref="SampleRunTests"/> and others run them.</summary>
[TestFixture]
internal sealed partial class DocumentSamplesTests
{
    private const string Folder = "NexStream.Tests/Docs/";

    private static readonly string[] s_regions = [.. Repository.Sources(".cs").Where(path => path.StartsWith(Folder, StringComparison.Ordinal)).SelectMany(path => Regions(Repository.Read(path)))];

    private static IEnumerable<DocumentBlock> Samples => DocumentBlock.All.Where(block => block.Language == "csharp");

    [Test]
    public void Documents_WithSamples_AreFound() => Assert.That(Samples.Select(block => block.Document).Distinct().Count(), Is.GreaterThanOrEqualTo(5));

    [TestCaseSource(nameof(Samples))]
    public void Block_OfCSharp_IsARegionThatCompiles(DocumentBlock block) =>
        Assert.That(s_regions, Does.Contain(block.Text), $"No region in {Folder} has the text of {block}. Change the sample there, and copy the region.");

    [Test]
    public void Block_ThatLooksLikeCSharp_SaysSo() =>
        Assert.That(DocumentBlock.All.Where(block => block.Language is null or "" or "text" && block.Lines.Any(line => Statement().IsMatch(line.Text))), Is.Empty);

    [TestCase("a\n\n    var x = 1;\n\nb\n", ExpectedResult = true)]
    [TestCase("a\n\n```\nvar x = 1; // why\n```\n", ExpectedResult = true)]
    [TestCase("a\n\n```\nvar x = 1\n```\n", ExpectedResult = false)]
    public bool Block_OfAText_IsFound(string text) => Statement().IsMatch(DocumentBlock.Read("text.md", text).Single().Lines.Single().Text);

    /// <summary>What stands between #region and #endregion, without the indentation that all its lines have.</summary>
    private static IEnumerable<string> Regions(string source)
    {
        foreach (Match match in Region().Matches(source))
        {
            string[] lines = match.Groups[1].Value.Split('\n')[..^1];
            int indentation = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
            yield return string.Concat(lines.Select(line => (line.Length > 0 ? line[indentation..] : line) + '\n'));
        }
    }

    [GeneratedRegex(@"^ *#region [A-Z]+\n(.*?)^ *#endregion$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Region();

    /// <summary>The end of a statement, with or without a comment behind it.</summary>
    [GeneratedRegex(@";\s*(//.*)?$")]
    private static partial Regex Statement();
}
