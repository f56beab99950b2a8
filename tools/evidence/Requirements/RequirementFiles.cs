using System.Text.Json;
using System.Text.Json.Serialization;

namespace NexStream.Evidence.Requirements;

/// <summary>Reads the requirements: a file for each group, in the order of the files' names.</summary>
internal static class RequirementFiles
{
    /// <summary>Where they are, from the root of the repository.</summary>
    public const string Folder = "tools/evidence/asked";

    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Reads all files.</summary>
    /// <exception cref="InvalidDataException">One makes no sense; the message says which row.</exception>
    public static IReadOnlyList<RequirementGroup> Read(string root)
    {
        RequirementGroup[] groups =
        [
            .. from path in Directory.EnumerateFiles(Path.Combine(root, Folder), "*.json").Order(StringComparer.Ordinal)
               select Parse(File.ReadAllText(path), Path.GetFileName(path)),
        ];
        string? twice = groups.SelectMany(group => group.Rows).GroupBy(row => row.Id).FirstOrDefault(same => same.Count() > 1)?.Key;
        return twice is null ? groups : throw new InvalidDataException($"{twice} stands there twice.");
    }

    /// <summary>Reads one file.</summary>
    /// <exception cref="InvalidDataException">It makes no sense.</exception>
    public static RequirementGroup Parse(string json, string name)
    {
        RequirementGroup group;
        try
        {
            group = JsonSerializer.Deserialize<RequirementGroup>(json, s_options) ?? throw new JsonException("There is nothing in it.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{name}: {e.Message}", e);
        }

        foreach (Requirement row in group.Rows)
        {
            if (Problem(row) is { } problem)
            {
                throw new InvalidDataException($"{name}, {row.Id}: {problem}");
            }
        }

        return group;
    }

    private static string? Problem(Requirement row)
    {
        int shows = (row.Tests.Count > 0 ? 1 : 0) + (row.Command is not null || row.Document is not null ? 1 : 0) + (row.Impossible is not null ? 1 : 0);
        return shows != 1 ? "one of tests, a command or document, and impossible has to show it"
            : row.Runs < 1 ? "it has to run once at least"
            : row.Figure is null && (row.Bound ?? row.Better ?? row.Document) is not null ? "a bound and a document need a figure"
            : row.Command?.Contains('`') == true ? "a command with a backtick cannot be shown"
            : ProblemOfFigure(row);
    }

    private static string? ProblemOfFigure(Requirement row)
    {
        try
        {
            foreach (string bound in new[] { row.Bound, row.Better }.OfType<string>())
            {
                Limit.Parse(bound);
            }

            return row.Figure is null || Figure.Pattern(row.Figure).GetGroupNumbers().Length == 2 ? null : "the figure's pattern needs exactly one group";
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return e.Message;
        }
    }
}
