using System.Text.RegularExpressions;
using NexStream.Peers.Results;

namespace NexStream.Evidence.Requirements;

/// <summary>Whether a requirement is met, and the figure or the reason.</summary>
internal sealed record Verdict(bool IsMet, string Result);

/// <summary>Decides whether what was run shows what is asked. What failed, and what gives no figure, does not.</summary>
internal static class Judge
{
    /// <summary>Tests show it when each name that is given ran at least once and passed, and none failed.</summary>
    public static Verdict OfTests(Requirement row, IReadOnlyList<TestOutcome> outcomes)
    {
        TestOutcome[] own = [.. outcomes.Where(outcome => row.Tests.Any(name => TestName.Names(name, outcome.Name)))];
        TestOutcome[] failed = [.. own.Where(outcome => outcome.Result == TestResult.Failed)];
        int passed = own.Count(outcome => outcome.Result == TestResult.Passed);
        TestOutcome? skipped = own.FirstOrDefault(outcome => outcome.Result == TestResult.Skipped);
        string counts = $"{passed} passed{Others(failed.Length, "failed")}{Others(own.Length - passed - failed.Length, "skipped")}";
        string? missing = row.Tests.FirstOrDefault(name => !own.Any(outcome => outcome.Result != TestResult.Skipped && TestName.Names(name, outcome.Name)));
        return failed.Length > 0 ? new Verdict(false, $"{counts}: {Short(failed[0].Name)}: {failed[0].Message}")
            : missing is not null ? new Verdict(false, $"{counts}; {missing} did not run{(skipped is null ? string.Empty : $": {skipped.Message}")}")
            : new Verdict(true, counts);
    }

    /// <summary>A command shows it when every run ends with exit code 0, and the median of its figures keeps the bound.</summary>
    public static Verdict OfRuns(Requirement row, IReadOnlyList<CommandOutcome> runs)
    {
        string? problem = runs.Select(run => run.Problem).FirstOrDefault(text => text is not null);
        Figure?[] figures = [.. runs.Select(run => Find(row, run.Output))];
        Verdict verdict = row.Figure is null ? new Verdict(true, "exit code 0") : OfFigures(row, figures);
        return problem is null ? verdict : new Verdict(false, figures.Any(figure => figure is not null) ? $"{verdict.Result}; {problem}" : problem);
    }

    /// <summary>A document shows it when its figure keeps the bound.</summary>
    public static Verdict OfDocument(Requirement row, string text) => OfFigures(row, [Find(row, text)]);

    private static Verdict OfFigures(Requirement row, Figure?[] figures)
    {
        if (figures.Any(figure => figure is null))
        {
            return new Verdict(false, "no figure where it should be");
        }

        double[] numbers = [.. figures.Select(figure => figure!.Value.Number).OfType<double>()];
        if (numbers.Length < figures.Length)
        {
            string text = figures.First(figure => figure!.Value.Number is null)!.Value.Text;
            return row.Bound is null ? new Verdict(true, text) : new Verdict(false, $"{text}, which is no number");
        }

        Spread spread = Spread.Of(numbers)!.Value;
        string unit = row.Unit.Length == 0 ? string.Empty : $" {row.Unit}";
        string range = numbers.Length == 1 ? string.Empty : $" ({Figure.Show(spread.Min)} to {Figure.Show(spread.Max)})";
        return new Verdict(row.Bound is null || Limit.Parse(row.Bound).Holds(spread.Median), $"{Figure.Show(spread.Median)}{unit}{range}");
    }

    private static Figure? Find(Requirement row, string text)
    {
        try
        {
            return row.Figure is null ? null : Figure.Find(text, Figure.Pattern(row.Figure), row.Take);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    private static string Others(int count, string what) => count == 0 ? string.Empty : $", {count} {what}";

    /// <summary>Class and method.</summary>
    private static string Short(string name) => string.Join('.', name.Split('.').TakeLast(2));
}
