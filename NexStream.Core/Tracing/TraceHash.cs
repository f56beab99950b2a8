using System.Buffers.Binary;

namespace NexStream.Core.Tracing;

/// <summary>
/// A running 64-bit hash of numbers and bytes: multiplication to 128 bits, folded (as in wyhash, Wang Yi 2019). The same on every machine. It finds differences
/// that happen, and is no protection against those that are made.
/// </summary>
internal struct TraceHash
{
    // Fractional parts of square roots (FIPS 180-4 §5.3.5): odd or even does not matter, that the bits have no pattern does.
    private const ulong First = 0x6A09E667F3BCC908;
    private const ulong Second = 0xBB67AE8584CAA73B;
    private const ulong Third = 0x3C6EF372FE94F82B;
    private const ulong Fourth = 0xA54FF53A5F1D36F1;

    private const int WordSize = sizeof(ulong);

    // Four multiplications that do not wait for each other.
    private const int Stride = 8 * WordSize;

    private ulong _state;

    /// <summary>The lower half is what a trace holds of it.</summary>
    public readonly uint Short => unchecked((uint)_state);

    public void Add(ulong value) => _state = Fold(_state ^ First, value ^ Second);

    /// <summary>Adds bytes and how many they are.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        ulong a = _state ^ (ulong)bytes.Length;
        if (bytes.Length >= Stride)
        {
            ulong b = Second;
            ulong c = Third;
            ulong d = Fourth;
            for (; bytes.Length >= Stride; bytes = bytes[Stride..])
            {
                a = Fold(a ^ Word(bytes, 0), First ^ Word(bytes, 1));
                b = Fold(b ^ Word(bytes, 2), First ^ Word(bytes, 3));
                c = Fold(c ^ Word(bytes, 4), First ^ Word(bytes, 5));
                d = Fold(d ^ Word(bytes, 6), First ^ Word(bytes, 7));
            }

            a = Fold(a ^ b, c ^ Third) ^ d;
        }

        for (; bytes.Length >= WordSize; bytes = bytes[WordSize..])
        {
            a = Fold(a ^ Word(bytes, 0), Second);
        }

        ulong rest = 0;
        foreach (byte last in bytes)
        {
            rest = (rest << 8) | last;
        }

        _state = Fold(a ^ rest, Fourth);
    }

    private static ulong Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[(index * WordSize)..]);

    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
