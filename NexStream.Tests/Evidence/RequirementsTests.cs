using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using NexStream.Evidence.Requirements;
using NexStream.Tests.Docs;
using NUnit.Framework.Interfaces;

namespace NexStream.Tests.Evidence;

/// <summary>The requirements of the repository: all of them are there, and what is to show them exists.</summary>
[TestFixture]
internal sealed partial class RequirementsTests
{
    private static readonly Requirement[] s_rows = [.. RequirementFiles.Read(Repository.Root).SelectMany(group => group.Rows)];

    /// <summary>How many requirements of each kind there are.</summary>
    private static readonly (string Kind, int Count)[] s_kinds = [("C", 5), ("RO", 6), ("RU", 5), ("BE", 4), ("PR", 5), ("CC", 6), ("LD", 4), ("NF", 8)];

    /// <summary>How many points each of the other groups has; a point may be several rows, with a letter behind its number.</summary>
    private static readonly (string Group, int Points)[] s_points =
        [("vertical", 10), ("recovery", 10), ("hot-path", 11), ("probability", 6), ("nothing-breaks", 6), ("real-networks", 7)];

    /// <summary>Namespace, class and method of every test, or the name that a case gives itself instead of the method's.</summary>
    private static readonly string[] s_tests =
    [
        .. from type in typeof(RequirementsTests).Assembly.GetTypes()
           where !type.IsAbstract
           from method in type.GetMethods()
           where method.GetCustomAttributes().Any(attribute => attribute is ITestBuilder or ISimpleTestBuilder)
           from name in method.GetCustomAttributes<TestCaseAttribute>().Select(testCase => testCase.TestName ?? method.Name).DefaultIfEmpty(method.Name)
           select $"{type.FullName}.{name}",
    ];

    [Test]
    public void Rows_ThatAreNumbered_AreThereInOrder() => Assert.That(
        s_rows.Select(row => row.Id).Where(id => id.StartsWith("NS-", StringComparison.Ordinal)),
        Is.EqualTo(s_kinds.SelectMany(kind => Enumerable.Range(1, kind.Count).Select(number => $"NS-{kind.Kind}-{number:000}"))));

    [TestCaseSource(nameof(s_points))]
    public void Rows_OfAGroup_HaveEveryPoint((string Group, int Points) expected) => Assert.That(
        s_rows.Where(row => GroupOf(row) == expected.Group).Select(row => int.Parse(PointName().Match(row.Id).Groups[2].Value, CultureInfo.InvariantCulture)).Distinct(),
        Is.EqualTo(Enumerable.Range(1, expected.Points)));

    [Test]
    public void Rows_All_AreOfAGroup() => Assert.That(
        s_rows.Where(row => !row.Id.StartsWith("NS-", StringComparison.Ordinal) && !s_points.Any(group => GroupOf(row) == group.Group)), Is.Empty);

    // A test that gets another name would leave a row with nothing to show it.
    [Test]
    public void Tests_ThatAreNamed_Exist() => Assert.That(
        s_rows.SelectMany(row => row.Tests).Distinct().Where(name => !s_tests.Any(test => TestName.Names(name, test))), Is.Empty);

    [Test]
    public void Scripts_ThatCommandsName_Exist() => Assert.That(
        s_rows.SelectMany(row => Script().Matches(row.Command ?? string.Empty)).Select(match => match.Value).Distinct().Where(path => !File.Exists(Path.Combine(Repository.Root, path))),
        Is.Empty);

    [Test]
    public void Documents_AsTheyAre_HaveTheFiguresThatAreLookedFor() => Assert.That(
        from row in s_rows
        where row.Document is not null && Figure.Find(Repository.Read(row.Document), Figure.Pattern(row.Figure!), row.Take)?.Number is null
        select row.Id,
        Is.Empty);

    [Test]
    public void Table_HasEachRow() => Assert.That(
        EvidenceTable.Read(Repository.Read(RequirementsRun.Table)).Keys, Is.EqualTo(s_rows.Select(row => row.Id)),
        "dotnet run -c Release --project tools/evidence -- requirements --only none writes it");

    private static string GroupOf(Requirement row) => PointName().Match(row.Id).Groups[1].Value;

    [GeneratedRegex(@"^([a-z-]+)-(\d+)[a-z]?$")]
    private static partial Regex PointName();

    [GeneratedRegex(@"\b(?:tools|nexlink-native)/[\w/-]+(?:\.sh|/run)\b")]
    private static partial Regex Script();
}
