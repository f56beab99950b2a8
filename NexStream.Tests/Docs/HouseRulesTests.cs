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

    private static IEnumerable<string> Matches(Regex pattern, params string[] extensions) =>
        from path in Repository.Sources(extensions)
        where path != ThisFile
        from line in Repository.Read(path).Split('\n').Index()
        where pattern.IsMatch(line.Item)
        select $"{path}:{line.Index + 1}: {line.Item.Trim()}";

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b|\bThread\.Sleep\b")]
    private static partial Regex Forbidden();

    // The word in comments says nothing; the modifier does.
    [GeneratedRegex(@"^[^/]*\bunsafe\b(?!\s*(code|,))")]
    private static partial Regex Unsafe();
}
