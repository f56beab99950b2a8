using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace NexStream.Core.Tracing;

/// <summary>CRC-32C (RFC 3720 §12.1), with the processor's instruction where it has one and the same result where it has none.</summary>
internal static class BlockChecksum
{
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte b in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
