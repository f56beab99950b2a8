namespace NexStream.Evidence.Requirements;

/// <summary>What showing a requirement costs.</summary>
internal enum RunClass
{
    /// <summary>Tests, and what takes minutes at most and measures no time.</summary>
    Quick,

    /// <summary>Measures time: needs a machine on which nothing else runs.</summary>
    Timed,

    /// <summary>Takes many minutes or hours.</summary>
    Long,
}

/// <summary>One row of docs/evidence/README.md: what is asked, and what shows that it is so: tests, a command, a document, or the reason why nothing can.</summary>
internal sealed record Requirement
{
    /// <summary>The name of the row.</summary>
    public required string Id { get; init; }

    /// <summary>What is asked, in a sentence.</summary>
    public required string Asked { get; init; }

    public RunClass Class { get; init; }

    /// <summary>Tests that show it, by the last parts of their names: <c>Class.Method</c>, <c>Class</c>, or a folder of tests.</summary>
    public IReadOnlyList<string> Tests { get; init; } = [];

    /// <summary>A command of the shell, run in the root of the repository; with a document, what makes it.</summary>
    public string? Command { get; init; }

    /// <summary>A file of the repository that shows it, as a path from the root.</summary>
    public string? Document { get; init; }

    /// <summary>A pattern with one group, which is the figure.</summary>
    public string? Figure { get; init; }

    /// <summary>Which of the figures counts where there are several.</summary>
    public FigureChoice Take { get; init; }

    /// <summary>What the figure has to be, "&lt;= 110"; null: it is only reported.</summary>
    public string? Bound { get; init; }

    /// <summary>What it would better be.</summary>
    public string? Better { get; init; }

    public string Unit { get; init; } = string.Empty;

    /// <summary>How often the command is run; the median counts.</summary>
    public int Runs { get; init; } = 1;

    /// <summary>Why it cannot be shown here.</summary>
    public string? Impossible { get; init; }
}

/// <summary>Requirements about one subject, in the order of the table.</summary>
internal sealed record RequirementGroup(string Title, IReadOnlyList<Requirement> Rows);
