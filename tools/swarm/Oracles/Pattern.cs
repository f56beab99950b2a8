using System.Buffers.Binary;

namespace NexStream.Swarm.Oracles;

/// <summary>Bytes that follow from a key and their place: wrong, moved, repeated and mixed up bytes all show.</summary>
internal static class Pattern
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    /// <summary>A key made of two values.</summary>
    public static ulong Key(ulong a, ulong b) => Mix(unchecked(a + (Mix(b) * Gamma)));

    /// <summary>Writes the bytes from <paramref name="offset"/> on.</summary>
    public static void Fill(Span<byte> destination, ulong key, long offset)
    {
        for (int i = 0; i < destination.Length;)
        {
            long at = offset + i;
            ulong word = WordAt(key, at >> 3);
            if ((at & 7) == 0 && destination.Length - i >= sizeof(ulong))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(destination[i..], word);
                i += sizeof(ulong);
            }
            else
            {
                destination[i++] = (byte)((word >> (int)((at & 7) << 3)) & 0xff);
            }
        }
    }

    /// <summary>Whether these are the bytes from <paramref name="offset"/> on.</summary>
    public static bool Matches(ReadOnlySpan<byte> bytes, ulong key, long offset)
    {
        for (int i = 0; i < bytes.Length;)
        {
            long at = offset + i;
            ulong word = WordAt(key, at >> 3);
            if ((at & 7) == 0 && bytes.Length - i >= sizeof(ulong))
            {
                if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[i..]) != word)
                {
                    return false;
                }

                i += sizeof(ulong);
            }
            else if (bytes[i++] != (byte)((word >> (int)((at & 7) << 3)) & 0xff))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A number for these bytes; any change of one of them changes it.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> bytes, ulong hash = Gamma)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            hash = Mix(hash ^ b);
        }

        return hash;
    }

    /// <summary>The mixing function of SplitMix64 (Stafford's variant 13).</summary>
    public static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    private static ulong WordAt(ulong key, long index) => Mix(unchecked(key + ((ulong)index * Gamma)));
}
