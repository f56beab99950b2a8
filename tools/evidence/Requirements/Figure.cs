using System.Globalization;
using System.Text.RegularExpressions;

namespace NexStream.Evidence.Requirements;

/// <summary>What a pattern found in a text.</summary>
/// <param name="Text">As it stands there.</param>
/// <param name="Number">Its number; null where it is none.</param>
internal readonly record struct Figure(string Text, double? Number)
{
    /// <summary>Makes a pattern that looks for a figure; it sees lines.</summary>
    public static Regex Pattern(string pattern) => new(pattern, RegexOptions.Multiline | RegexOptions.CultureInvariant, TimeSpan.FromMinutes(1));

    /// <summary>Looks for the figure.</summary>
    /// <returns>The figure; null where there is none, or where the least or the most of something that is no number is asked for.</returns>
    public static Figure? Find(string text, Regex pattern, FigureChoice take)
    {
        Figure[] all = [.. pattern.Matches(text).Select(match => Of(match.Groups[1].Value))];
        return take switch
        {
            FigureChoice.Count => Of(all.Length),
            _ when all.Length == 0 => null,
            FigureChoice.Last => all[^1],
            _ when all.FirstOrDefault(figure => figure.Number is null) is { Text: not null } none => none,
            FigureChoice.Least => all.MinBy(figure => figure.Number),
            _ => all.MaxBy(figure => figure.Number),
        };
    }

    /// <summary>A number as the table shows it.</summary>
    public static string Show(double number) => number.ToString(Math.Abs(number) >= 1000 ? "N0" : "G4", CultureInfo.InvariantCulture);

    private static Figure Of(double number) => new(Show(number), number);

    // BenchmarkDotNet writes a stroke for nothing.
    private static Figure Of(string text) => text == "-"
        ? Of(0)
        : new Figure(text, double.TryParse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out double number) ? number : null);
}
