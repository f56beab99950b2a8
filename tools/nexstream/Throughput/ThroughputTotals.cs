using System.Buffers.Binary;

namespace NexStream.Tool.Throughput;

/// <summary>What one end has done, which it tells the other. On the control stream it is <see cref="Size"/> bytes.</summary>
/// <param name="Bytes">The application's bytes that were handed over, or read.</param>
/// <param name="Messages">Messages, or calls on an RO stream.</param>
/// <param name="ElapsedNs">Nanoseconds from the first of them to the last.</param>
/// <param name="PacketsLost">Packets of this end that were declared lost.</param>
/// <param name="Retransmissions">Packets that carried data again.</param>
internal readonly record struct ThroughputTotals(long Bytes, long Messages, long ElapsedNs, long PacketsLost, long Retransmissions)
{
    public const int Size = 40;

    private const double BitsPerByte = 8;

    /// <summary>10^6 bits of the application in a second.</summary>
    public double Mbps => ElapsedNs > 0 ? Bytes * BitsPerByte * 1000 / ElapsedNs : 0;

    /// <summary>Writes it down.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), Messages);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(16), ElapsedNs);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(24), PacketsLost);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(32), Retransmissions);
        return bytes;
    }

    /// <summary>Reads <see cref="Size"/> bytes.</summary>
    public static ThroughputTotals Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64BigEndian(bytes),
        BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadInt64BigEndian(bytes[16..]),
        BinaryPrimitives.ReadInt64BigEndian(bytes[24..]),
        BinaryPrimitives.ReadInt64BigEndian(bytes[32..]));
}
