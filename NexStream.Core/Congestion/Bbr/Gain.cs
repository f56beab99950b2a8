using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>A factor as a fraction, so that no rounding differs between machines.</summary>
/// <param name="Numerator">Not negative.</param>
/// <param name="Denominator">At least 1.</param>
internal readonly record struct Gain(int Numerator, int Denominator)
{
    /// <summary>1.</summary>
    public static Gain One => new(1, 1);

    /// <summary>The factor times a volume or rate that is not negative, rounded down; at most <see cref="long.MaxValue"/>.</summary>
    public long Times(long value) => Arithmetic.MultiplyDivide(value, Numerator, Denominator);
}
