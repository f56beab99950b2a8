using System.Globalization;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Commands;

/// <summary>Durations as people write them: a number and a unit, "5ms", "1.5s", "250us", "2min".</summary>
internal static class DurationParser
{
    // The longest suffix comes first: "ms" ends in "s".
    private static readonly (string Suffix, long Ns)[] s_units =
    [
        ("min", 60 * Instant.Second),
        ("ns", 1),
        ("us", Instant.Microsecond),
        ("µs", Instant.Microsecond),
        ("ms", Instant.Millisecond),
        ("s", Instant.Second),
    ];

    /// <summary>Reads a duration in nanoseconds. False: it is none, is negative, or is longer than a day.</summary>
    public static bool TryParse(string text, out long ns)
    {
        ns = 0;
        string trimmed = text.Trim();
        if (trimmed == "0")
        {
            return true;
        }

        foreach ((string suffix, long unitNs) in s_units)
        {
            if (trimmed.EndsWith(suffix, StringComparison.Ordinal)
                && decimal.TryParse(trimmed.AsSpan(0, trimmed.Length - suffix.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            {
                const long Day = 86_400 * Instant.Second;
                if (number > Day / unitNs)
                {
                    return false;
                }

                ns = (long)(number * unitNs);
                return true;
            }
        }

        return false;
    }
}
