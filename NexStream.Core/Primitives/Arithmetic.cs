namespace NexStream.Core.Primitives;

/// <summary>Products of rates, times and gains, without overflow.</summary>
internal static class Arithmetic
{
    /// <summary>a · b / c, rounded down, at most <see cref="long.MaxValue"/>. None is negative, and c is not 0.</summary>
    public static long MultiplyDivide(long a, long b, long c)
    {
        // Almost every product fits 64 bits: 10 Gbit/s over 10 s does.
        ulong high = Math.BigMul((ulong)a, (ulong)b, out ulong low);
        if (high == 0)
        {
            return (long)Math.Min(low / (ulong)c, long.MaxValue);
        }

        return (long)UInt128.Min(new UInt128(high, low) / (ulong)c, long.MaxValue);
    }

    /// <summary>The bytes that a rate gives in a time.</summary>
    public static long Volume(long bytesPerSecond, long durationNs) => MultiplyDivide(bytesPerSecond, durationNs, Instant.Second);

    /// <summary>The rate at which bytes take a time; the time is not 0.</summary>
    public static long Rate(long bytes, long durationNs) => MultiplyDivide(bytes, Instant.Second, durationNs);
}
