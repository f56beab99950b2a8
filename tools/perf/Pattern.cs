using System.Buffers.Binary;
using System.Runtime.InteropServices;

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

    /// <summary>Messages whose place is to be told from their first bytes begin at a multiple of this.</summary>
    public const int WordSize = sizeof(ulong);

    /// <summary>Writes the bytes that stand at <paramref name="offset"/>.</summary>
    public static void Write(Span<byte> destination, ulong offset)
    {
        int head = Math.Min((int)(-(long)offset & (WordSize - 1)), destination.Length);
        WriteBytes(destination[..head], offset);
        ulong word = (offset + (uint)head) / WordSize;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination[head..]);
        foreach (ref ulong value in words)
        {
            value = ValueOf(word++);
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
        foreach (ulong value in words)
        {
            wrong |= value ^ ValueOf(word++);
        }

        int done = head + (words.Length * WordSize);
        return wrong == 0 && CheckBytes(source[..head], offset) && CheckBytes(source[done..], offset + (uint)done);
    }

    /// <summary>Where the word that a message begins with stands.</summary>
    public static ulong OffsetOf(ulong word) => unchecked(word * Inverse * WordSize);

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
