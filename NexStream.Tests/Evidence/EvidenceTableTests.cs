using NexStream.Evidence.Requirements;

namespace NexStream.Tests.Evidence;

/// <summary>The table is written, read again, and keeps what is known of rows that were not run.</summary>
[TestFixture]
internal sealed class EvidenceTableTests
{
    private static readonly Requirement s_first = new()
    {
        Id = "a-1",
        Asked = "All is well.",
        Command = "perf | grep x",
        Figure = "(.*)",
        Bound = "<= 110",
        Better = "<= 68",
        Unit = "ns",
        Runs = 5,
    };

    private static readonly Requirement s_second = new() { Id = "a-2", Asked = "Nothing breaks.", Tests = ["SomeTests", "OtherTests.A_B_C"] };

    private static readonly Requirement s_third = new() { Id = "b-1", Asked = "A card.", Impossible = "there is none" };

    private static readonly RequirementGroup[] s_groups = [new("First", [s_first, s_second]), new("Second", [s_third])];

    private static readonly Dictionary<string, EvidenceRow> s_nothing = [];

    [Test]
    public void Rows_NotRun_SayWhatIsAskedAndHow()
    {
        EvidenceRow first = new("a-1", "All is well.", "≤ 110 ns, better ≤ 68 ns", @"`perf \| grep x`, median of 5", "", "not run", "");
        Assert.That(EvidenceRow.Of(s_first), Is.EqualTo(first));
        Assert.That(EvidenceRow.Of(s_second), Is.EqualTo(new EvidenceRow("a-2", "Nothing breaks.", "", "`SomeTests` `OtherTests.A_B_C`", "", "not run", "")));
        Assert.That(EvidenceRow.Of(s_third), Is.EqualTo(new EvidenceRow("b-1", "A card.", "", "", "cannot be measured here: there is none", "**not met**", "")));
    }

    [Test]
    public void Rows_OfADocument_LeadToIt() => Assert.That(
        EvidenceRow.Of(new Requirement { Id = "d", Asked = "x", Document = "docs/evidence/peers.md", Command = "make it", Figure = "(.)" }).ShownBy,
        Is.EqualTo("[peers.md](peers.md), made by `make it`"));

    [Test]
    public void Table_WrittenAndRead_HasTheSameRows()
    {
        Dictionary<string, EvidenceRow> rows = Merge(s_nothing, (s_first, new Verdict(false, "12 | 13\nns")), (s_second, new Verdict(true, "3 passed")));
        string text = Write(rows);

        Assert.That(EvidenceTable.Read(text), Is.EquivalentTo(rows));
        Assert.That(text, Does.Contain("**3 rows: 1 met, 2 not met, 0 not run.**").And.Contain(@"| 12 \| 13 ns | **not met** | abc, today |"));
    }

    [Test]
    public void Merge_RowThatWasNotRun_KeepsWhatIsKnown()
    {
        Dictionary<string, EvidenceRow> earlier = Merge(s_nothing, (s_first, new Verdict(true, "100 ns")), (s_second, new Verdict(true, "3 passed")));
        Dictionary<string, EvidenceRow> later = Merge(EvidenceTable.Read(Write(earlier)), (s_second, new Verdict(false, "2 passed, 1 failed")));

        Assert.That(later["a-1"], Is.EqualTo(earlier["a-1"]));
        Assert.That((later["a-2"].Result, later["a-2"].Met), Is.EqualTo(("2 passed, 1 failed", "**not met**")));
        Assert.That(later["b-1"], Is.EqualTo(earlier["b-1"]));
    }

    [Test]
    public void Merge_SentenceChanged_KeepsTheResult()
    {
        Dictionary<string, EvidenceRow> earlier = Merge(s_nothing, (s_second, new Verdict(true, "3 passed")));

        Assert.That(EvidenceTable.Merge([s_second with { Asked = "Nothing breaks it." }], earlier, s_nothing)["a-2"],
            Has.Property("Asked").EqualTo("Nothing breaks it.").And.Property("Result").EqualTo("3 passed"));
    }

    [Test]
    public void Merge_CommandOrBoundChanged_IsNotRun()
    {
        Dictionary<string, EvidenceRow> earlier = Merge(s_nothing, (s_first, new Verdict(true, "100 ns")));
        foreach (Requirement changed in new[] { s_first with { Command = "perf --fast" }, s_first with { Bound = "<= 50" } })
        {
            Assert.That(EvidenceTable.Merge([changed], earlier, s_nothing)["a-1"], Is.EqualTo(EvidenceRow.Of(changed)));
        }
    }

    [Test]
    public void Merge_RowThatIsNoLongerAsked_IsGone() =>
        Assert.That(EvidenceTable.Merge([s_second], Merge(s_nothing), s_nothing).Keys, Is.EqualTo(new[] { "a-2" }));

    private static Dictionary<string, EvidenceRow> Merge(IReadOnlyDictionary<string, EvidenceRow> earlier, params (Requirement Row, Verdict Verdict)[] found)
    {
        var rows = found.ToDictionary(item => item.Row.Id, item => EvidenceRow.Of(item.Row).With(item.Verdict, "abc, today"));
        return new(EvidenceTable.Merge(s_groups.SelectMany(group => group.Rows), earlier, rows));
    }

    private static string Write(IReadOnlyDictionary<string, EvidenceRow> rows)
    {
        using var writer = new StringWriter();
        EvidenceTable.Write(writer, "a machine", s_groups, rows);
        return writer.ToString();
    }
}
