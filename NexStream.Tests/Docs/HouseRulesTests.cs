using System.Text.RegularExpressions;

namespace NexStream.Tests.Docs;

/// <summary>Rules that a compiler does not know.</summary>
[TestFixture]
internal sealed partial class HouseRulesTests
{
    /// <summary>A file beyond this has more than one job.</summary>
    private const int LinesMax = 500;

    private const string ThisFile = "NexStream.Tests/Docs/HouseRulesTests.cs";

    [Test]
    public void Sources_OfTheRepository_AreFound() => Assert.That(Repository.Sources(".cs").Count(), Is.GreaterThan(200));

    [Test]
    public void Sources_Anywhere_HaveNothingUnfinishedAndNeverSleep() => Assert.That(Matches(Forbidden(), ".cs", ".c", ".h"), Is.Empty);

    [Test]
    public void Core_OutsideFrameRegion_HasNoUnsafeCode() =>
        Assert.That(
            Matches(Unsafe(), ".cs").Where(hit => hit.StartsWith("NexStream.Core/", StringComparison.Ordinal)),
            Is.All.StartsWith("NexStream.Core/Buffers/FrameRegion.cs:"));

    [Test]
    public void Sources_Anywhere_AreNoLongerThanAPerson_CanOverlook() =>
        Assert.That(
            Repository.Sources(".cs", ".c", ".h").Where(path => Repository.Read(path).AsSpan().Count('\n') > LinesMax), Is.Empty);

    // What the build does not check of the style, and dotnet format only with every analyzer there is.
    [Test]
    public void Sources_Anywhere_SayThisOfNoField() => Assert.That(Matches(This(), ".cs"), Is.Empty);

    [Test]
    public void Usings_Anywhere_AreInOrder_SystemFirst() =>
        Assert.That(
            from path in Repository.Sources(".cs")
            let usings = Usings().Matches(Repository.Read(path)).Select(match => match.Groups[1].Value).ToArray()
            where !usings.SequenceEqual(usings.OrderBy(name => name != "System" && !name.StartsWith("System.", StringComparison.Ordinal)).ThenBy(name => name, StringComparer.OrdinalIgnoreCase))
            select path,
            Is.Empty);

    // BenchmarkDotNet derives from the class, and runs none at all where one cannot be derived from.
    [Test]
    public void Benchmarks_Anywhere_AreNotSealed() => Assert.That(Matches(SealedBenchmarks(), ".cs"), Is.Empty);

    private static IEnumerable<string> Matches(Regex pattern, params string[] extensions) =>
        from path in Repository.Sources(extensions)
        where path != ThisFile
        from line in Repository.Read(path).Split('\n').Index()
        where pattern.IsMatch(line.Item)
        select $"{path}:{line.Index + 1}: {line.Item.Trim()}";

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b|\bThread\.Sleep\b")]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"^[^/]*\bthis\.[_a-z]")]
    private static partial Regex This();

    [GeneratedRegex(@"^using ([\w.]+);$", RegexOptions.Multiline)]
    private static partial Regex Usings();

    [GeneratedRegex(@"sealed class \w+Benchmarks\b")]
    private static partial Regex SealedBenchmarks();

    // The word in comments says nothing; the modifier does.
    [GeneratedRegex(@"^[^/]*\bunsafe\b(?!\s*(code|,))")]
    private static partial Regex Unsafe();
}
