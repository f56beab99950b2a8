using NexStream.Evidence.Requirements;

namespace NexStream.Tests.Evidence;

/// <summary>What a file of requirements may say.</summary>
[TestFixture]
internal sealed class RequirementFilesTests
{
    [Test]
    public void Parse_EveryKindOfRow_IsRead()
    {
        RequirementGroup group = Parse(
            """{ "id": "a", "asked": "x", "tests": ["SomeTests"] }""",
            """{ "id": "b", "asked": "x", "class": "timed", "command": "perf", "figure": "(\\d+) ns", "bound": "<= 110", "better": "<= 68", "unit": "ns", "runs": 5 }""",
            """{ "id": "c", "asked": "x", "class": "long", "command": "make", "document": "docs/x.md", "figure": "(yes)", "take": "count", "bound": ">= 54" }""",
            """{ "id": "d", "asked": "x", "impossible": "there is no card" }""");

        Assert.That(group.Title, Is.EqualTo("T"));
        Assert.That(group.Rows.Select(row => row.Class), Is.EqualTo(new[] { RunClass.Quick, RunClass.Timed, RunClass.Long, RunClass.Quick }));
        Assert.That(group.Rows[0].Tests, Is.EqualTo(new[] { "SomeTests" }));
        Requirement timed = group.Rows[1];
        Assert.That((timed.Figure, timed.Bound, timed.Better, timed.Unit, timed.Runs), Is.EqualTo((@"(\d+) ns", "<= 110", "<= 68", "ns", 5)));
        Assert.That((group.Rows[2].Document, group.Rows[2].Command, group.Rows[2].Take), Is.EqualTo(("docs/x.md", "make", FigureChoice.Count)));
        Assert.That(group.Rows[3].Impossible, Is.EqualTo("there is no card"));
    }

    [TestCase("""{ "id": "a", "asked": "x" }""", TestName = "Parse_NothingThatShowsIt_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "tests": ["T"], "command": "c" }""", TestName = "Parse_TwoThingsThatShowIt_AreRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "command": "c", "bound": "<= 1" }""", TestName = "Parse_BoundWithoutFigure_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "document": "d" }""", TestName = "Parse_DocumentWithoutFigure_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "command": "c", "figure": "(a)", "bound": "1" }""", TestName = "Parse_BoundThatIsNone_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "command": "c", "figure": "(a" }""", TestName = "Parse_PatternThatIsNone_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "command": "c", "figure": "a" }""", TestName = "Parse_PatternWithoutGroup_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "command": "c", "runs": 0 }""", TestName = "Parse_NoRuns_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "command": "c", "class": "slow" }""", TestName = "Parse_UnknownClass_IsRefused")]
    [TestCase("""{ "id": "a", "asked": "x", "comand": "c" }""", TestName = "Parse_UnknownKey_IsRefused")]
    public void Parse_RowThatMakesNoSense_IsRefused(string row) =>
        Assert.That(() => Parse(row), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("x.json"));

    private static RequirementGroup Parse(params string[] rows) => RequirementFiles.Parse($$"""{ "title": "T", "rows": [ {{string.Join(", ", rows)}} ] }""", "x.json");
}
