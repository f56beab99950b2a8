namespace NexStream.Evidence.Requirements;

/// <summary>Which rows are run.</summary>
/// <param name="Only">Rows whose names begin with one of these; none: all.</param>
/// <param name="Classes">Rows of these classes.</param>
/// <param name="AsIs">Whether documents are only read, which is quick, and not made anew.</param>
internal sealed record RequirementsOptions(IReadOnlyList<string> Only, IReadOnlyList<RunClass> Classes, bool AsIs)
{
    public const string Usage = "evidence requirements [--only PREFIX,...] [--class quick,timed,long] [--as-is]";

    /// <summary>Reads the command line.</summary>
    /// <returns>The options, or null where the line makes no sense.</returns>
    public static RequirementsOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new RequirementsOptions([], Enum.GetValues<RunClass>(), AsIs: false);
        for (int i = 0; i < arguments.Count; i++)
        {
            string[] values = i + 1 < arguments.Count ? arguments[i + 1].Split(',') : [];
            RequirementsOptions? next = arguments[i] switch
            {
                "--as-is" => options with { AsIs = true },
                "--only" when values.Length > 0 => options with { Only = values },
                "--class" when values.Length > 0 && values.All(IsClass) => options with { Classes = [.. values.Select(ClassOf)] },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
            i += arguments[i] == "--as-is" ? 0 : 1;
        }

        return options;
    }

    /// <summary>Whether a row is to be run.</summary>
    public bool Chooses(Requirement row) =>
        row.Impossible is null
        && (Only.Count == 0 || Only.Any(prefix => row.Id.StartsWith(prefix, StringComparison.Ordinal)))
        && Classes.Contains(AsIs && row.Document is not null ? RunClass.Quick : row.Class);

    private static RunClass ClassOf(string text) => Enum.Parse<RunClass>(text, ignoreCase: true);

    private static bool IsClass(string text) => Enum.GetNames<RunClass>().Contains(text, StringComparer.OrdinalIgnoreCase);
}
