using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NexStream.Perf;

/// <summary>
/// Bytes that depend on where they stand, so that a wrong, missing or repeated one shows. Each eight bytes are their own number multiplied, which is
/// cheap to write and to check.
/// </summary>
public static class Pattern
{
    // 2^64 divided by the golden ratio: consecutive numbers differ in all bytes (Knuth, The Art of Computer Programming 3, 6.4).
    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private const ulong Inverse = 0xF1DE83E19937733D;

    // Two vectors, so that one addition need not wait for the other.
    private const int WordsAtOnce = 8;

    /// <summary>Messages whose place is to be told from their first bytes begin at a multiple of this.</summary>
    public const int WordSize = sizeof(ulong);

    /// <summary>Writes the bytes that stand at <paramref name="offset"/>.</summary>
    public static void Write(Span<byte> destination, ulong offset)
    {
        int head = Math.Min((int)(-(long)offset & (WordSize - 1)), destination.Length);
        WriteBytes(destination[..head], offset);
        ulong word = (offset + (uint)head) / WordSize;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination[head..]);
        int i = 0;
        Vector256<ulong> low = FirstOf(word);
        Vector256<ulong> high = low + StepOf(WordsAtOnce / 2);
        for (; i <= words.Length - WordsAtOnce; i += WordsAtOnce)
        {
            low.StoreUnsafe(ref words[i]);
            high.StoreUnsafe(ref words[i + (WordsAtOnce / 2)]);
            low += StepOf(WordsAtOnce);
            high += StepOf(WordsAtOnce);
        }

        for (; i < words.Length; i++)
        {
            words[i] = ValueOf(word + (uint)i);
        }

        int done = head + (words.Length * WordSize);
        WriteBytes(destination[done..], offset + (uint)done);
    }

    /// <summary>Whether these are the bytes that stand at <paramref name="offset"/>.</summary>
    public static bool Check(ReadOnlySpan<byte> source, ulong offset)
    {
        int head = Math.Min((int)(-(long)offset & (WordSize - 1)), source.Length);
        ulong word = (offset + (uint)head) / WordSize;
        ulong wrong = 0;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(source[head..]);
        int i = 0;
        Vector256<ulong> low = FirstOf(word);
        Vector256<ulong> high = low + StepOf(WordsAtOnce / 2);
        Vector256<ulong> differences = default;
        for (; i <= words.Length - WordsAtOnce; i += WordsAtOnce)
        {
            differences |= Vector256.LoadUnsafe(in words[i]) ^ low;
            differences |= Vector256.LoadUnsafe(in words[i + (WordsAtOnce / 2)]) ^ high;
            low += StepOf(WordsAtOnce);
            high += StepOf(WordsAtOnce);
        }

        wrong |= differences == default ? 0UL : 1;
        for (; i < words.Length; i++)
        {
            wrong |= words[i] ^ ValueOf(word + (uint)i);
        }

        int done = head + (words.Length * WordSize);
        return wrong == 0 && CheckBytes(source[..head], offset) && CheckBytes(source[done..], offset + (uint)done);
    }

    /// <summary>Where the word that a message begins with stands.</summary>
    public static ulong OffsetOf(ulong word) => unchecked(word * Inverse * WordSize);

    /// <summary>The values of four consecutive words: each is the one before it and the multiplier.</summary>
    private static Vector256<ulong> FirstOf(ulong word) => Vector256.Create(ValueOf(word), ValueOf(word + 1), ValueOf(word + 2), ValueOf(word + 3));

    private static Vector256<ulong> StepOf(int words) => Vector256.Create(unchecked((ulong)words * Multiplier));

    private static ulong ValueOf(ulong word) => unchecked(word * Multiplier);

    private static void WriteBytes(Span<byte> destination, ulong offset)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = ByteAt(offset + (uint)i);
        }
    }

    private static bool CheckBytes(ReadOnlySpan<byte> source, ulong offset)
    {
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i] != ByteAt(offset + (uint)i))
            {
                return false;
            }
        }

        return true;
    }

    private static byte ByteAt(ulong offset)
    {
        Span<byte> word = stackalloc byte[WordSize];
        BinaryPrimitives.WriteUInt64LittleEndian(word, ValueOf(offset / WordSize));
        return word[(int)(offset % WordSize)];
    }
}
