namespace NexStream.Tool.Impairment;

/// <summary>SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same seed gives the same numbers on every machine.</summary>
internal struct SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            // The increment and the two multipliers are the paper's.
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>True with a probability. One number is drawn in any case, so that other decisions do not depend on this one.</summary>
    public bool Chance(double probability)
    {
        // 53 bits are what a double holds exactly.
        double uniform = (Next() >> 11) * (1.0 / (1UL << 53));
        return uniform < probability;
    }

    public void Fill(Span<byte> destination)
    {
        while (destination.Length >= sizeof(ulong))
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(destination, Next());
            destination = destination[sizeof(ulong)..];
        }

        for (ulong rest = destination.IsEmpty ? 0 : Next(); !destination.IsEmpty; destination = destination[1..], rest >>= 8)
        {
            destination[0] = unchecked((byte)rest);
        }
    }
}
