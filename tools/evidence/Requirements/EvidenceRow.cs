namespace NexStream.Evidence.Requirements;

/// <summary>A row as the table shows it: text that is ready for a cell.</summary>
internal sealed record EvidenceRow(string Id, string Asked, string Bound, string ShownBy, string Result, string Met, string RunOn)
{
    public const string IsMet = "met";
    public const string IsNotMet = "**not met**";
    public const string IsNotRun = "not run";

    /// <summary>Longer results are cut: a figure is short, and what a program says when it fails is known from its first words.</summary>
    private const int ResultMax = 240;

    /// <summary>The row of a requirement that was not looked at yet; what cannot be shown is known to be not met.</summary>
    public static EvidenceRow Of(Requirement row) => new(
        row.Id,
        Cell(row.Asked),
        BoundOf(row),
        ShownByOf(row),
        row.Impossible is null ? string.Empty : Cell($"cannot be measured here: {row.Impossible}"),
        row.Impossible is null ? IsNotRun : IsNotMet,
        string.Empty);

    /// <summary>The row with what was found.</summary>
    /// <param name="verdict">What was found.</param>
    /// <param name="runOn">The commit and the day.</param>
    public EvidenceRow With(Verdict verdict, string runOn) => this with { Result = Cell(Short(verdict.Result)), Met = verdict.IsMet ? IsMet : IsNotMet, RunOn = runOn };

    /// <summary>The row with what an earlier run found, if that answers the same question: another command or bound does not.</summary>
    public EvidenceRow WithResultOf(EvidenceRow? earlier) => Met == IsNotRun && earlier is not null && earlier.Bound == Bound && earlier.ShownBy == ShownBy
        ? this with { Result = earlier.Result, Met = earlier.Met, RunOn = earlier.RunOn }
        : this;

    private static string BoundOf(Requirement row)
    {
        string unit = row.Unit.Length == 0 ? string.Empty : $" {row.Unit}";
        string better = row.Better is null ? string.Empty : $", better {Limit.Parse(row.Better)}{unit}";
        return row.Bound is null ? string.Empty : $"{Limit.Parse(row.Bound)}{unit}{better}";
    }

    private static string ShownByOf(Requirement row)
    {
        string command = row.Command is null ? string.Empty : $"`{Cell(row.Command)}`";
        return row.Document is not null ? $"{LinkTo(row.Document)}{(row.Command is null ? string.Empty : $", made by {command}")}"
            : row.Command is not null ? $"{command}{(row.Runs == 1 ? string.Empty : $", median of {row.Runs}")}"
            : string.Join(' ', row.Tests.Select(name => $"`{name}`"));
    }

    private static string LinkTo(string document) => $"[{Path.GetFileName(document)}]({Path.GetRelativePath("docs/evidence", document)})";

    private static string Short(string text) => text.Length <= ResultMax ? text : $"{text[..ResultMax]}…";

    /// <summary>A text as one cell: on one line, and strokes that end none.</summary>
    private static string Cell(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace("|", "\\|", StringComparison.Ordinal);
}
