using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NexStream.Core.Tracing;

namespace NexStream.Replay;

/// <summary>
/// Bytes that depend on where they stand, in 8-byte words: each is its own number, and the seed, multiplied. Two neighbouring words differ by the multiplier, which tells from
/// any 16 bytes in a row whether they are of the pattern and where they stand.
/// </summary>
public sealed class WordPattern(ulong seed) : IPayloadGenerator
{
    /// <summary>The name that traces have for it.</summary>
    public const string PatternName = "words";

    // 2^64 divided by the golden ratio: consecutive numbers differ in all bytes (Knuth, The Art of Computer Programming 3, 6.4). And its inverse modulo 2^64.
    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private const ulong Inverse = 0xF1DE83E19937733D;

    private const int WordSize = sizeof(ulong);
    private const int BitsPerByte = 8;

    /// <inheritdoc />
    public string Name => PatternName;

    /// <inheritdoc />
    public ulong Seed => seed;

    /// <inheritdoc />
    public void Fill(ulong position, Span<byte> destination)
    {
        int shift = (int)(position % WordSize);
        ulong word = ValueOf(position / WordSize);
        if (shift != 0)
        {
            int head = Math.Min(WordSize - shift, destination.Length);
            WritePart(destination[..head], word >> (shift * BitsPerByte));
            destination = destination[head..];
            word = unchecked(word + Multiplier);
        }

        for (; destination.Length >= WordSize; destination = destination[WordSize..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(destination, word);
            word = unchecked(word + Multiplier);
        }

        WritePart(destination, word);
    }

    /// <inheritdoc />
    public bool TryLocate(ReadOnlySpan<byte> payload, out int start, out ulong position)
    {
        start = 0;
        position = 0;

        // Two whole words, wherever the first begins.
        if (payload.Length < (3 * WordSize) - 1)
        {
            return false;
        }

        for (int shift = 0; shift < WordSize; shift++)
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(payload[shift..]);
            if (unchecked(BinaryPrimitives.ReadUInt64LittleEndian(payload[(shift + WordSize)..]) - word) == Multiplier)
            {
                ulong number = unchecked((word * Inverse) - seed);
                position = unchecked((number * WordSize) - (ulong)shift);
                return number <= ulong.MaxValue / (2 * WordSize) && number * WordSize >= (ulong)shift && Matches(payload, position);
            }
        }

        return false;
    }

    private static void WritePart(Span<byte> destination, ulong word)
    {
        foreach (ref byte part in destination)
        {
            part = unchecked((byte)word);
            word >>= BitsPerByte;
        }
    }

    private bool Matches(ReadOnlySpan<byte> payload, ulong position)
    {
        int shift = (int)(position % WordSize);
        ulong word = ValueOf(position / WordSize);
        if (shift != 0)
        {
            int head = WordSize - shift;
            if (!IsPart(payload[..head], word >> (shift * BitsPerByte)))
            {
                return false;
            }

            payload = payload[head..];
            word = unchecked(word + Multiplier);
        }

        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(payload);
        int i = 0;
        if (BitConverter.IsLittleEndian)
        {
            Vector256<ulong> expected = Vector256.Create(word, unchecked(word + Multiplier), unchecked(word + (2 * Multiplier)), unchecked(word + (3 * Multiplier)));
            Vector256<ulong> step = Vector256.Create(unchecked((ulong)Vector256<ulong>.Count * Multiplier));
            Vector256<ulong> differences = default;
            for (; i <= words.Length - Vector256<ulong>.Count; i += Vector256<ulong>.Count)
            {
                differences |= Vector256.LoadUnsafe(in words[i]) ^ expected;
                expected += step;
            }

            if (differences != default)
            {
                return false;
            }

            word = unchecked(word + ((ulong)i * Multiplier));
        }

        payload = payload[(i * WordSize)..];
        for (; payload.Length >= WordSize; payload = payload[WordSize..])
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(payload) != word)
            {
                return false;
            }

            word = unchecked(word + Multiplier);
        }

        return IsPart(payload, word);
    }

    private static bool IsPart(ReadOnlySpan<byte> bytes, ulong word)
    {
        foreach (byte part in bytes)
        {
            if (part != unchecked((byte)word))
            {
                return false;
            }

            word >>= BitsPerByte;
        }

        return true;
    }

    private ulong ValueOf(ulong number) => unchecked((number + seed) * Multiplier);
}
