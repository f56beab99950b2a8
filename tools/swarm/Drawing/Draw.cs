using NexStream.Core.Primitives;

namespace NexStream.Swarm.Drawing;

/// <summary>All chance of a world: what it draws depends on the seed alone, on every machine.</summary>
internal sealed class Draw(ulong seed)
{
    private SplitMix64 _source = new(seed);

    /// <summary>64 bits.</summary>
    public ulong Next() => _source.Next();

    /// <summary>A number from 0 up to, and without, <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)(_source.Next() % (uint)bound);

    /// <summary>A number of the range, both ends included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    /// <summary>True with this probability.</summary>
    public bool Chance(double share) => _source.Draw(share);

    /// <summary>True once in so many draws.</summary>
    public bool OneIn(int chances) => Below(chances) == 0;

    /// <summary>A number of the range whose order of magnitude is as likely as any other: both 3 and 3,000 are worth trying.</summary>
    public long Magnitude(long low, long high)
    {
        // Doublings between the ends; the shift keeps it in integers, the same everywhere.
        int doublings = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)Math.Max(high / low, 1));
        long ceiling = Math.Min(low << Below(doublings), high);
        return Math.Min(ceiling + (long)(_source.Next() % (ulong)Math.Max(ceiling, 1)), high);
    }

    /// <summary>One of these.</summary>
    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>A source of its own, so that what one part of the world draws does not move what another does.</summary>
    public Draw Fork() => new(_source.Next());
}
