using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    // Words for four multiplications that do not wait for each other.
    private const int Stride = 8;

    private ulong _state;

    /// <summary>The lower half is what a trace holds of it.</summary>
    public readonly uint Short => unchecked((uint)_state);

    public void Add(ulong value) => _state = Fold(_state ^ First, value ^ Second);

    /// <summary>Adds bytes and how many they are.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        ulong a = _state ^ (ulong)bytes.Length;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ReadOnlySpan<byte> last = bytes[(words.Length * WordSize)..];
        if (words.Length >= Stride)
        {
            ulong b = Second;
            ulong c = Third;
            ulong d = Fourth;
            for (; words.Length >= Stride; words = words[Stride..])
            {
                a = Fold(a ^ Little(words[0]), First ^ Little(words[1]));
                b = Fold(b ^ Little(words[2]), First ^ Little(words[3]));
                c = Fold(c ^ Little(words[4]), First ^ Little(words[5]));
                d = Fold(d ^ Little(words[6]), First ^ Little(words[7]));
            }

            a = Fold(a ^ b, c ^ Third) ^ d;
        }

        foreach (ulong word in words)
        {
            a = Fold(a ^ Little(word), Second);
        }

        ulong rest = 0;
        foreach (byte part in last)
        {
            rest = (rest << 8) | part;
        }

        _state = Fold(a ^ rest, Fourth);
    }

    private static ulong Little(ulong word) => BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
