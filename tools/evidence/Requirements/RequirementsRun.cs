using NexStream.Peers.Running;

namespace NexStream.Evidence.Requirements;

/// <summary>Runs the rows that were chosen, and writes the table after each: what was found is kept even if the run is stopped.</summary>
internal sealed class RequirementsRun
{
    /// <summary>The table, from the root of the repository.</summary>
    public const string Table = "docs/evidence/README.md";

    private readonly string _root;
    private readonly RequirementsOptions _options;
    private readonly TextWriter _progress;
    private readonly IReadOnlyList<RequirementGroup> _groups;
    private readonly IReadOnlyDictionary<string, EvidenceRow> _earlier;
    private readonly Dictionary<string, EvidenceRow> _found = [];
    private readonly TestRunner _tests;
    private readonly CommandRunner _commands;
    private readonly Commit _commit;
    private readonly string _now;

    /// <summary>Reads what is asked, and what is known.</summary>
    /// <param name="root">The root of the repository.</param>
    /// <param name="options">Which rows to run.</param>
    /// <param name="progress">Where each result is told.</param>
    public RequirementsRun(string root, RequirementsOptions options, TextWriter progress)
    {
        var shell = new Shell(root);
        _root = root;
        _options = options;
        _progress = progress;
        _groups = RequirementFiles.Read(root);
        _earlier = File.Exists(At(Table)) ? EvidenceTable.Read(File.ReadAllText(At(Table))) : new Dictionary<string, EvidenceRow>();
        _tests = new TestRunner(shell);
        _commands = new CommandRunner(shell);
        _commit = new Commit(shell);
        _now = _commit.Now();
    }

    /// <summary>Runs.</summary>
    /// <returns>Whether every row that was run is met.</returns>
    public bool Run()
    {
        Requirement[] chosen = [.. _groups.SelectMany(group => group.Rows).Where(_options.Chooses)];
        RunTests([.. chosen.Where(row => row.Tests.Count > 0)]);
        foreach (Requirement row in chosen.Where(row => row.Tests.Count == 0))
        {
            Verdict verdict = Look(row);
            Keep(row, verdict, row.Document is not null ? _commit.Of(row.Document) : row.Class == RunClass.Timed ? $"{_now}, {Machine.Processor}" : _now);
        }

        Write();
        return _found.Values.All(row => row.Met == EvidenceRow.IsMet);
    }

    private void RunTests(Requirement[] rows)
    {
        if (rows.Length == 0)
        {
            return;
        }

        (IReadOnlyList<TestOutcome> outcomes, string? problem) = _tests.Run(rows.SelectMany(row => row.Tests));
        foreach (Requirement row in rows)
        {
            Keep(row, problem is null ? Judge.OfTests(row, outcomes) : new Verdict(false, problem), _now);
        }
    }

    /// <summary>What is wrong with one row stops no other.</summary>
    private Verdict Look(Requirement row)
    {
        try
        {
            return row.Document is null ? Judge.OfRuns(row, _commands.Run(row)) : OfDocument(row);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return new Verdict(false, e.Message);
        }
    }

    private Verdict OfDocument(Requirement row)
    {
        string? problem = row.Command is null || _options.AsIs ? null : _commands.Run(row)[0].Problem;
        return !File.Exists(At(row.Document!)) ? new Verdict(false, problem ?? "the document is not there")
            : Judge.OfDocument(row, File.ReadAllText(At(row.Document!))) is var verdict && problem is null ? verdict
            : new Verdict(false, $"{verdict.Result}, before it could not be made anew: {problem}");
    }

    private void Keep(Requirement row, Verdict verdict, string runOn)
    {
        _progress.WriteLine($"{row.Id}: {(verdict.IsMet ? "met" : "NOT met")}, {verdict.Result}");
        _found[row.Id] = EvidenceRow.Of(row).With(verdict, runOn);
        Write();
    }

    private void Write()
    {
        using StreamWriter file = File.CreateText(At(Table));
        EvidenceTable.Write(file, Machine.Describe(), _groups, EvidenceTable.Merge(_groups.SelectMany(group => group.Rows), _earlier, _found));
    }

    private string At(string path) => Path.Combine(_root, path);
}
