using NexStream.Core.Primitives;

namespace NexStream.Tests.Support;

/// <summary>What a <see cref="Pair"/>'s network does to frames, each direction by itself. All chances are drawn from the pair's seed.</summary>
internal sealed record NetworkConditions
{
    public long DelayNs { get; init; } = 10 * Instant.Millisecond;

    public double Loss { get; init; }

    public double Reorder { get; init; }

    public long ReorderDelayNs { get; init; } = 5 * Instant.Millisecond;

    public double Duplicate { get; init; }

    /// <summary>Bytes a second; 0: no limit.</summary>
    public long Rate { get; init; }
}

/// <summary>A small generator with a published algorithm (SplitMix64, Steele et al. 2014), so that a seed means the same everywhere.</summary>
internal struct SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => probability > 0 && NextDouble() < probability;

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(Next() & 0xff);
        }
    }
}
