using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NexStream.Tests.Docs;

/// <summary>docs/dependencies.md names what there is: each package with the projects that refer to it, and each tool that CI installs.</summary>
[TestFixture]
internal sealed partial class DependenciesDocumentTests
{
    private static readonly string s_page = Repository.Read("docs/dependencies.md");

    /// <summary>The rows of a heading's table, as cells.</summary>
    private static IEnumerable<string[]> Rows(string heading) =>
        from line in s_page.Split($"\n## {heading}\n")[1].Split("\n## ")[0].Split('\n')
        where line.StartsWith("| ", StringComparison.Ordinal)
        select line.Split(" | ");

    [Test]
    public void Packages_OfThePage_AreThoseOfTheRepository()
    {
        string[] pinned = [.. XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion").Select(package => package.Attribute("Include")!.Value)];
        Assert.That(Rows("NuGet").Skip(1).Select(row => Names(row[0]).Single()), Is.EquivalentTo(pinned));
    }

    [Test]
    public void Packages_OfThePage_AreUsedByTheProjectsThatItNames()
    {
        ILookup<string, string> users = (
            from project in Repository.Sources(".csproj")
            from reference in XDocument.Parse(Repository.Read(project)).Descendants("PackageReference")
            select (Package: reference.Attribute("Include")!.Value, Project: Path.GetDirectoryName(project)!)).ToLookup(use => use.Package, use => use.Project);
        foreach (string[] row in Rows("NuGet").Skip(1))
        {
            Assert.That(Names(row[1]), Is.EquivalentTo(users[Names(row[0]).Single()]), row[0]);
        }
    }

    [Test]
    public void Packages_OfProduction_AreOneAlone()
    {
        // What the two packages of NexStream bring along: not what their builds alone use.
        IEnumerable<string> brought =
            from project in new[] { "NexStream.Core/NexStream.Core.csproj", "NexStream.Driver/NexStream.Driver.csproj" }
            from reference in XDocument.Parse(Repository.Read(project)).Descendants("PackageReference")
            where reference.Attribute("PrivateAssets")?.Value != "all"
            select reference.Attribute("Include")!.Value;
        Assert.That(brought, Is.EqualTo(Rows("NuGet").Where(row => row[2].StartsWith("production", StringComparison.Ordinal)).Select(row => Names(row[0]).Single())));
    }

    [Test]
    public void Tools_ThatCiInstalls_StandInThePage()
    {
        string install = Repository.Read(".ci/run").Split("install_tools() {")[1].Split("\n}\n")[0];
        string[] tools = [.. Installed().Matches(install).SelectMany(match => (match.Groups[1].Value + match.Groups[2].Value).Split(' ')).Where(word => word.Length > 0 && word[0] != '$')];
        Assert.That(tools, Has.Length.GreaterThan(8));
        Assert.That(tools.Except(Rows("What a machine may have").SelectMany(row => Names(row[0] + row[1]))), Is.Empty);
    }

    [Test]
    public void Places_OfWhatIsWrittenByHand_AreThere()
    {
        string[] files = [.. Repository.Sources(".cs", ".c", ".lua")];
        foreach (string[] row in Rows("What is written by hand, and why").Skip(1))
        {
            foreach (string place in Names(row[1]))
            {
                Assert.That(files.Any(file => file.StartsWith(place + '/', StringComparison.Ordinal) || file == place || file.EndsWith('/' + place, StringComparison.Ordinal)), Is.True, place);
            }
        }
    }

    private static IEnumerable<string> Names(string cell) => Name().Matches(cell).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();

    /// <summary>The words of the loop over tools, and what is added to those that are missing.</summary>
    [GeneratedRegex("for tool in ([^;]+);|missing=\"\\$missing ([^\"]+)\"")]
    private static partial Regex Installed();
}
