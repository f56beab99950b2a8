namespace NexStream.Core.Primitives;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): the same seed gives the same draws on every
/// machine. For choices that may be guessed: what nobody may predict comes from <see cref="KeyedHash"/>.
/// </summary>
internal struct SplitMix64
{
    // The paper's GOLDEN_GAMMA: 2^64 divided by the golden ratio, made odd.
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    // A double has 53 bits of precision: so many of a draw make every multiple of 2^-53 below 1 equally likely.
    private const int DroppedBits = 64 - 53;
    private const double Unit = 1.0 / (1UL << 53);

    private ulong _state;

    public SplitMix64(ulong seed)
    {
        _state = seed;
    }

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            // Shifts and multipliers are those of Stafford's variant 13 of the mixing function (the paper's mix64variant13).
            _state += Gamma;
            ulong z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>
    /// True with probability <paramref name="share"/>, independent of all other draws; never for 0, less or not a number, always for 1 or more. Each call
    /// takes one draw, whatever the share, so that a change of it moves no later one.
    /// </summary>
    public bool Draw(double share) => (Next() >> DroppedBits) * Unit < share;
}
