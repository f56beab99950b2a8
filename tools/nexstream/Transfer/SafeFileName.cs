using System.Text;

namespace NexStream.Tool.Transfer;

/// <summary>Reduces the name that a peer gave to one that can only name a file in the receiver's own directory.</summary>
internal static class SafeFileName
{
    /// <summary>Bytes that Linux allows in a name (NAME_MAX), less what a temporary name adds.</summary>
    public const int BytesMax = 255 - 24;

    /// <summary>
    /// The last part of the path, of either kind of separator, without control characters and what other systems forbid; leading dots go,
    /// so that no file is hidden. Null: nothing is left that could name a file.
    /// </summary>
    public static string? Reduce(string name)
    {
        ReadOnlySpan<char> last = name.AsSpan(name.LastIndexOfAny(['/', '\\']) + 1);
        StringBuilder safe = new(last.Length);
        int bytes = 0;
        foreach (Rune rune in last.EnumerateRunes())
        {
            Rune kept = IsHarmless(rune) ? rune : new Rune('_');
            if (safe.Length == 0 && (kept.Value == '.' || Rune.IsWhiteSpace(kept)))
            {
                continue;
            }

            bytes += kept.Utf8SequenceLength;
            if (bytes > BytesMax)
            {
                break;
            }

            safe.Append(kept.ToString());
        }

        // Trailing dots and blanks are lost on some systems, so that two names would be one.
        string reduced = safe.ToString().TrimEnd(' ', '.');
        return reduced.Length == 0 ? null : reduced;
    }

    private static bool IsHarmless(Rune rune) =>
        !Rune.IsControl(rune)
        && rune != Rune.ReplacementChar
        && Rune.GetUnicodeCategory(rune) != System.Globalization.UnicodeCategory.Format
        && !"<>:\"|?*".Contains(rune.ToString(), StringComparison.Ordinal);
}
