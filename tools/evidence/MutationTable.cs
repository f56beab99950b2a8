using System.Globalization;
using System.Text.Json;

namespace NexStream.Evidence;

/// <summary>How many small changes of the core the tests notice: a report of Stryker (schema mutation-testing-report-schema 2), and why some are not noticed.</summary>
internal static class MutationTable
{
    /// <param name="output">Where the table goes, as Markdown.</param>
    /// <param name="report">The path of the report.</param>
    /// <param name="reasons">The path of the reasons, a line each: <c>File.cs: what was => what it became -- reason</c>.</param>
    public static void Write(TextWriter output, string report, string reasons)
    {
        List<Mutant> mutants = [.. Read(report)];
        Dictionary<string, string> known = ReadReasons(reasons);
        output.WriteLine("# Small changes that the tests notice");
        output.WriteLine();
        output.WriteLine("Each mutant is one operator, bound, condition or statement of the core changed. Noticed: a test failed, or the tests came to no end. Made by");
        output.WriteLine("`tools/mutation/run.sh` (Stryker.NET), of the files below; which tests were run is in `tools/mutation/stryker-config.json`.");
        output.WriteLine();
        output.WriteLine("| file | mutants | noticed | not noticed | share |");
        output.WriteLine("|---|---|---|---|---|");
        foreach (IGrouping<string, Mutant> file in mutants.GroupBy(mutant => mutant.File).OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            WriteRow(output, file.Key, [.. file]);
        }

        WriteRow(output, "all", mutants);
        output.WriteLine();
        output.WriteLine("Not noticed, and why:");
        output.WriteLine();
        output.WriteLine("| where | was | became | reason |");
        output.WriteLine("|---|---|---|---|");
        foreach (Mutant mutant in mutants.Where(mutant => !mutant.IsNoticed))
        {
            string reason = known.GetValueOrDefault(mutant.Key, "**none given**");
            output.WriteLine(Text($"| {mutant.File}:{mutant.Line} | {Cell(mutant.Was)} | {Cell(mutant.Became)} | {reason} |"));
        }
    }

    private static void WriteRow(TextWriter output, string name, List<Mutant> mutants)
    {
        int noticed = mutants.Count(mutant => mutant.IsNoticed);
        output.WriteLine(Text($"| {name} | {mutants.Count} | {noticed} | {mutants.Count - noticed} | {100.0 * noticed / mutants.Count:F1} % |"));
    }

    private static IEnumerable<Mutant> Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (JsonProperty file in document.RootElement.GetProperty("files").EnumerateObject())
        {
            string[] source = file.Value.GetProperty("source").GetString()!.Split('\n');
            foreach (JsonElement mutant in file.Value.GetProperty("mutants").EnumerateArray())
            {
                // What was ignored, and what did not compile, says nothing of the tests.
                string status = mutant.GetProperty("status").GetString()!;
                if (status is "Killed" or "Timeout" or "Survived" or "NoCoverage")
                {
                    JsonElement location = mutant.GetProperty("location");
                    yield return new Mutant(
                        Path.GetFileName(file.Name),
                        location.GetProperty("start").GetProperty("line").GetInt32(),
                        Cut(source, location.GetProperty("start"), location.GetProperty("end")),
                        OneLine(mutant.GetProperty("replacement").GetString()!),
                        status is "Killed" or "Timeout");
                }
            }
        }
    }

    private static Dictionary<string, string> ReadReasons(string path) => File.ReadLines(path)
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split(" -- ", 2))
        .ToDictionary(parts => parts[0], parts => parts[1]);

    private static string Cut(string[] source, JsonElement start, JsonElement end)
    {
        (int firstLine, int firstColumn) = Position(start);
        (int lastLine, int lastColumn) = Position(end);
        string text = string.Join('\n', source[firstLine..(lastLine + 1)]);
        int behind = source[lastLine].Length - lastColumn;
        return OneLine(text[firstColumn..(text.Length - behind)]);
    }

    /// <summary>Lines and columns of the report count from 1.</summary>
    private static (int Line, int Column) Position(JsonElement place) => (place.GetProperty("line").GetInt32() - 1, place.GetProperty("column").GetInt32() - 1);

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Cell(string code) => $"`{code.Replace("|", "\\|", StringComparison.Ordinal)}`";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Mutant(string File, int Line, string Was, string Became, bool IsNoticed)
    {
        public string Key => $"{File}: {Was} => {Became}";
    }
}
