using System.Globalization;
using System.Text.RegularExpressions;

namespace NexStream.Evidence.Requirements;

/// <summary>docs/evidence/README.md: the table, which is also where results are kept from one run to the next.</summary>
internal static partial class EvidenceTable
{
    private const int Cells = 7;
    private const int MetCell = 5;

    private const string Head = """
        # What is asked, and what shows it

        Made by `dotnet run -c Release --project tools/evidence -- requirements` from the files in tools/evidence/asked; the other tables of this folder say what made them.
        `--only PREFIX,...` and `--class quick,timed,long` choose the rows that are run, and the others keep what they have; `--as-is` reads other tables without making them. Timed rows
        need a machine on which nothing else runs. Each row names the commit that it was run on, with a + where there were changes besides, and the day; since
        2026-11-30 timed rows also name the processor with its family and model, because one machine does not answer for another. A row whose command or bound has changed since counts as not run. Of several runs the median counts; the least and the most stand in brackets. Names are of tests:
        `dotnet test NexStream.Tests -c Release --filter FullyQualifiedName~NAME`. What commands need is made by:

        """;

    /// <summary>Reads the rows of a table that was written before, by their names. What is no row is passed over.</summary>
    public static IReadOnlyDictionary<string, EvidenceRow> Read(string text) => text.Split('\n')
        .Where(line => line.StartsWith('|'))
        .Select(line => Stroke().Split(line.Trim().Trim('|')).Select(cell => cell.Trim()).ToArray())
        .Where(cells => cells.Length == Cells && cells[MetCell] is EvidenceRow.IsMet or EvidenceRow.IsNotMet or EvidenceRow.IsNotRun)
        .Select(cells => new EvidenceRow(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6]))
        .GroupBy(row => row.Id)
        .ToDictionary(rows => rows.Key, rows => rows.Last());

    /// <summary>Each requirement's row with what is known of it: what was found now, else what an earlier run found.</summary>
    /// <param name="rows">The requirements.</param>
    /// <param name="earlier">The table that was written before.</param>
    /// <param name="found">Rows that were run now.</param>
    public static IReadOnlyDictionary<string, EvidenceRow> Merge(
        IEnumerable<Requirement> rows, IReadOnlyDictionary<string, EvidenceRow> earlier, IReadOnlyDictionary<string, EvidenceRow> found) =>
        rows.ToDictionary(row => row.Id, row => found.GetValueOrDefault(row.Id) ?? EvidenceRow.Of(row).WithResultOf(earlier.GetValueOrDefault(row.Id)));

    /// <summary>Writes the table.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="machine">What was measured on.</param>
    /// <param name="groups">The requirements.</param>
    /// <param name="rows">The row of each.</param>
    public static void Write(TextWriter output, string machine, IReadOnlyList<RequirementGroup> groups, IReadOnlyDictionary<string, EvidenceRow> rows)
    {
        int met = rows.Values.Count(row => row.Met == EvidenceRow.IsMet);
        int notMet = rows.Values.Count(row => row.Met == EvidenceRow.IsNotMet);
        output.WriteLine(Head);
        foreach (Preparation preparation in Preparation.All)
        {
            output.WriteLine($"- `{preparation.Name}`: `{preparation.Command}`");
        }

        output.WriteLine();
        output.WriteLine($"Machine of the last run: {machine}.");
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"**{rows.Count} rows: {met} met, {notMet} not met, {rows.Count - met - notMet} not run.**"));
        foreach (RequirementGroup group in groups)
        {
            output.WriteLine();
            output.WriteLine($"## {group.Title}");
            output.WriteLine();
            output.WriteLine("| row | asked | bound | shown by | result | met or not | run on |");
            output.WriteLine("|---|---|---|---|---|---|---|");
            foreach (EvidenceRow row in group.Rows.Select(requirement => rows[requirement.Id]))
            {
                output.WriteLine($"| {row.Id} | {row.Asked} | {row.Bound} | {row.ShownBy} | {row.Result} | {row.Met} | {row.RunOn} |");
            }
        }
    }

    /// <summary>A stroke that ends a cell.</summary>
    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Stroke();
}
