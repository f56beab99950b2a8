using System.Runtime.CompilerServices;

namespace NexStream.Core.Primitives;

/// <summary>
/// A point in time, in nanoseconds since an origin that the host chooses. The core never reads a clock: every instant
/// comes from the caller. Durations are <see cref="long"/> nanoseconds, in names that end in <c>Ns</c>; a <see cref="TimeSpan"/> can be added as well.
/// </summary>
/// <param name="Nanoseconds">Nanoseconds since the origin; the origin is the same for all calls to one endpoint.</param>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    /// <summary>Nanoseconds in a microsecond.</summary>
    public const long Microsecond = 1_000;

    /// <summary>Nanoseconds in a millisecond.</summary>
    public const long Millisecond = 1_000_000;

    /// <summary>Nanoseconds in a second.</summary>
    public const long Second = 1_000_000_000;

    /// <summary>A <see cref="TimeSpan"/> counts ticks of 100 ns, and so a hundred times as far as nanoseconds do.</summary>
    private const long TicksMax = long.MaxValue / TimeSpan.NanosecondsPerTick;

    /// <summary>The origin.</summary>
    public static Instant Zero => default;

    /// <summary>Later than every other instant: a deadline that is not armed.</summary>
    public static Instant Never => new(long.MaxValue);

    /// <summary>The instant <paramref name="ns"/> nanoseconds later; <see cref="Never"/> instead of an overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Instant operator +(Instant instant, long ns)
    {
        long sum = unchecked(instant.Nanoseconds + ns);
        return ns > 0 && sum < instant.Nanoseconds ? Never : new(sum);
    }

    /// <summary>The instant <paramref name="duration"/> later; <see cref="Never"/> instead of an overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Instant operator +(Instant instant, TimeSpan duration) => instant + NsOf(duration);

    /// <summary>Nanoseconds from <paramref name="earlier"/> to <paramref name="later"/>; negative when they are swapped.</summary>
    public static long operator -(Instant later, Instant earlier) => unchecked(later.Nanoseconds - earlier.Nanoseconds);

    /// <summary>Earlier than.</summary>
    public static bool operator <(Instant a, Instant b) => a.Nanoseconds < b.Nanoseconds;

    /// <summary>Later than.</summary>
    public static bool operator >(Instant a, Instant b) => a.Nanoseconds > b.Nanoseconds;

    /// <summary>Earlier than or equal to.</summary>
    public static bool operator <=(Instant a, Instant b) => a.Nanoseconds <= b.Nanoseconds;

    /// <summary>Later than or equal to.</summary>
    public static bool operator >=(Instant a, Instant b) => a.Nanoseconds >= b.Nanoseconds;

    /// <summary>The earlier of the two.</summary>
    public static Instant Min(Instant a, Instant b) => a < b ? a : b;

    /// <summary>The later of the two.</summary>
    public static Instant Max(Instant a, Instant b) => a > b ? a : b;

    /// <summary>A duration in nanoseconds; the longest that they can say, 292 years, instead of an overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long NsOf(TimeSpan duration)
    {
        long ticks = duration.Ticks;
        return ticks > TicksMax ? long.MaxValue : ticks < -TicksMax ? -long.MaxValue : ticks * TimeSpan.NanosecondsPerTick;
    }

    /// <inheritdoc />
    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>The time in seconds, for people.</summary>
    public override string ToString() => this == Never ? "never" : $"{Nanoseconds / (double)Second:F9} s";
}
