namespace NexStream.Simulator.Engine;

/// <summary>A small generator with a published algorithm (SplitMix64, Steele et al. 2014), so that a seed means the same everywhere.</summary>
internal struct SimulationRandom(ulong seed)
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

    /// <summary>From 0 to below 1.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => probability > 0 && NextDouble() < probability;

    /// <summary>From 0 to below the bound; 0 when the bound is 0.</summary>
    public long Below(long bound) => bound <= 0 ? 0 : (long)(Next() % (ulong)bound);

    public void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(Next() & 0xff);
        }
    }
}
