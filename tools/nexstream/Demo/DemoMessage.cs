using System.Buffers.Binary;
using NexStream.Core.Primitives;
using NexStream.Tool.Impairment;

namespace NexStream.Tool.Demo;

/// <summary>
/// A message of the demonstration, little-endian: sequence number (4 bytes), checksum (4), send time in nanoseconds (8), then floats in
/// [-1, 1) made from the sequence number, as a gradient's would be.
/// </summary>
internal static class DemoMessage
{
    public const int HeaderSize = 16;

    public static void Write(Span<byte> destination, int sequence, ulong seed, Instant now)
    {
        SeededRandom random = new(unchecked(seed + (ulong)sequence));
        for (int at = HeaderSize; at + sizeof(float) <= destination.Length; at += sizeof(float))
        {
            BinaryPrimitives.WriteSingleLittleEndian(destination[at..], ((random.Next() >> 40) / (float)(1 << 23)) - 1);
        }

        BinaryPrimitives.WriteInt32LittleEndian(destination, sequence);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], now.Nanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Checksum(destination));
    }

    /// <summary>Reads a message. False: it is not as it was written.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out int sequence, out Instant sent)
    {
        sequence = 0;
        sent = default;
        if (message.Length < HeaderSize)
        {
            return false;
        }

        sequence = BinaryPrimitives.ReadInt32LittleEndian(message);
        sent = new Instant(BinaryPrimitives.ReadInt64LittleEndian(message[8..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(message[4..]) == Checksum(message);
    }

    /// <summary>FNV-1a over all but the checksum itself, its 64 bits folded into 32.</summary>
    private static uint Checksum(ReadOnlySpan<byte> message)
    {
        unchecked
        {
            // Offset basis and prime of the 64-bit FNV.
            ulong hash = 0xCBF29CE484222325;
            for (int i = 0; i < message.Length; i++)
            {
                hash = i is >= 4 and < 8 ? hash : (hash ^ message[i]) * 0x100000001B3;
            }

            return (uint)(hash ^ (hash >> 32));
        }
    }
}
