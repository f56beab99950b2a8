using System.Text.RegularExpressions;

namespace NexStream.Tests.Docs;

/// <summary>Links between documents lead somewhere.</summary>
[TestFixture]
internal sealed partial class DocumentLinksTests
{
    private static IEnumerable<string> Documents => DocumentBlock.Documents;

    [TestCaseSource(nameof(Documents))]
    public void Links_OfADocument_LeadToFilesAndHeadingsThatAreThere(string document)
    {
        foreach (Match link in Link().Matches(Repository.Read(document)))
        {
            string target = link.Groups["file"].Value.Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, link.Groups["file"].Value);
            Assert.That(Path.Exists(Path.Combine(Repository.Root, target)), Is.True, $"{document} links to {target}");
            if (link.Groups["heading"].Success)
            {
                Assert.That(Heading().Matches(Repository.Read(target)).Select(heading => Anchor(heading.Groups[1].Value)), Does.Contain(link.Groups["heading"].Value), $"{document} links to {target}");
            }
        }
    }

    /// <summary>What a heading is called in a link: small letters, hyphens for spaces, and nothing else but letters and digits.</summary>
    private static string Anchor(string heading) => NoAnchor().Replace(heading.ToLowerInvariant(), string.Empty).Replace(' ', '-');

    [GeneratedRegex(@"\]\((?!https?:)(?<file>[^)#\s]*)(#(?<heading>[^)]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
