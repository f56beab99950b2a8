using System.Globalization;

namespace NexStream.Evidence.Requirements;

/// <summary>What a figure has to be: <c>&lt;= 110</c>, <c>&gt;= 0.93</c>, <c>&lt; 1000</c>, <c>&gt; 0</c>.</summary>
internal readonly record struct Limit
{
    private static readonly (string Sign, string Shown, Func<double, double, bool> Holds)[] s_signs =
    [
        ("<=", "≤", (figure, limit) => figure <= limit),
        (">=", "≥", (figure, limit) => figure >= limit),
        ("<", "<", (figure, limit) => figure < limit),
        (">", ">", (figure, limit) => figure > limit),
    ];

    private readonly int _sign;
    private readonly double _limit;

    private Limit(int sign, double limit) => (_sign, _limit) = (sign, limit);

    /// <summary>Reads a bound.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Limit Parse(string text)
    {
        int sign = Array.FindIndex(s_signs, candidate => text.StartsWith(candidate.Sign, StringComparison.Ordinal));
        return sign >= 0 && double.TryParse(text[s_signs[sign].Sign.Length..], NumberStyles.Float, CultureInfo.InvariantCulture, out double limit)
            ? new Limit(sign, limit)
            : throw new FormatException($"'{text}' is no bound: <= 110, for example.");
    }

    /// <summary>Whether a figure keeps it.</summary>
    public bool Holds(double figure) => s_signs[_sign].Holds(figure, _limit);

    /// <summary>The bound as the table shows it.</summary>
    public override string ToString() => $"{s_signs[_sign].Shown} {Figure.Show(_limit)}";
}
