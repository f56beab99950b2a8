using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using NexStream.Tests.Docs;

namespace NexStream.Tests.Attacks;

/// <summary>The table of docs/attacks.md, the tests that carry its rows' numbers, and the guards of tools/guards/guards.txt say the same.</summary>
[TestFixture]
internal sealed partial class AttackTableTests
{
    private const int RowCount = 32;

    private static readonly List<Row> s_rows = [.. ReadTable()];

    private static readonly List<Guard> s_guards = [.. ReadGuards()];

    [Test]
    public void Table_HasEveryRowOnce() => Assert.That(s_rows.Select(row => row.Number), Is.EqualTo(Enumerable.Range(1, RowCount)));

    [Test]
    public void Row_NamesTheTestsThatCarryItsNumber([Range(1, RowCount)] int number)
    {
        IEnumerable<string> tests = from type in typeof(AttackTableTests).Assembly.GetTypes()
                                    from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public)
                                    where method.GetCustomAttributes<AttackRowAttribute>().Any(row => row.Row == number)
                                    select $"{type.Name}.{method.Name}";
        Assert.That(s_rows[number - 1].Tests, Is.EquivalentTo(tests.ToList()).And.Not.Empty);
    }

    [Test]
    public void Row_NamesTheGuardsThatCanBeTakenOut([Range(1, RowCount)] int number) => Assert.That(
        s_rows[number - 1].Guards,
        Is.EquivalentTo(s_guards.Where(guard => guard.Row == number).Select(guard => guard.Name).Distinct().ToList()).And.Not.Empty);

    [TestCaseSource(nameof(s_guards))]
    public void Guard_IsInItsFile(Guard guard)
    {
        string source = Repository.Read(guard.File);
        Assert.That(source, Does.Contain(guard.Text), $"Has the code changed? Then bring {GuardsFile} up to date, and run tools/guards/remove.sh.");
        Assert.That(source, Does.Match($@"\b{guard.Method}\b"));
        Assert.That(guard.Without, Is.Not.EqualTo(guard.Text).And.Not.Empty);
    }

    private const string GuardsFile = "tools/guards/guards.txt";

    // | 7 | what | `A.B` `C.D` | `E.F` |
    private static IEnumerable<Row> ReadTable() => from line in Repository.Read("docs/attacks.md").Split('\n')
                                                   let cells = line.Split('|')
                                                   where cells.Length == 6 && int.TryParse(cells[1], CultureInfo.InvariantCulture, out _)
                                                   select new Row(int.Parse(cells[1], CultureInfo.InvariantCulture), Names(cells[3]), Names(cells[4]));

    private static List<string> Names(string cell) => [.. Quoted().Matches(cell).Select(match => match.Groups[1].Value)];

    private static IEnumerable<Guard> ReadGuards()
    {
        string[] lines = [.. Repository.Read(GuardsFile).Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
        for (int i = 0; i < lines.Length; i += 3)
        {
            string[] head = lines[i].Split(' ');
            yield return new Guard(int.Parse(head[0], CultureInfo.InvariantCulture), head[1], head[2], lines[i + 1][2..], lines[i + 2][2..]);
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    private sealed record Row(int Number, List<string> Tests, List<string> Guards);

    internal sealed record Guard(int Row, string File, string Method, string Text, string Without)
    {
        public string Name => $"{Path.GetFileNameWithoutExtension(File)}.{Method}";

        public override string ToString() => $"{Row} {Name}: {Text}";
    }
}
