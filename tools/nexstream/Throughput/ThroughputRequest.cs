using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Throughput;

/// <summary>What a client of nexstream perf asks its server for. On the control stream it is <see cref="Size"/> bytes.</summary>
/// <param name="Mode">How the data is delivered.</param>
/// <param name="IsReverse">Whether the server sends.</param>
/// <param name="Streams">Streams that carry data, which the client opens.</param>
/// <param name="Bytes">Bytes of a message, or of a write on an RO stream.</param>
/// <param name="DurationMs">How long to send, in milliseconds.</param>
internal sealed record ThroughputRequest(TransportMode Mode, bool IsReverse, int Streams, int Bytes, int DurationMs)
{
    public const int Size = 20;

    /// <summary>Streams at most: each has a turn in every round of the sender.</summary>
    public const int StreamsMax = 64;

    /// <summary>A message fits into the receiver's buffer, and into what a stream may hold for sending.</summary>
    public const int BytesMax = 1 << 20;

    /// <summary>A day.</summary>
    public const int DurationMsMax = 86_400_000;

    private const uint Magic = 0x4E58_5046;
    private const ushort Version = 1;

    /// <summary>Writes it down.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), Version);
        bytes[6] = (byte)Mode;
        bytes[7] = IsReverse ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), Streams);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), Bytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), DurationMs);
        return bytes;
    }

    /// <summary>Reads it. Null: it is none, of another version, or asks for what may not be.</summary>
    public static ThroughputRequest? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic || BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) != Version)
        {
            return null;
        }

        ThroughputRequest request = new(
            (TransportMode)bytes[6], bytes[7] != 0, BinaryPrimitives.ReadInt32BigEndian(bytes[8..]), BinaryPrimitives.ReadInt32BigEndian(bytes[12..]), BinaryPrimitives.ReadInt32BigEndian(bytes[16..]));
        return Enum.IsDefined(request.Mode) && request.Streams is >= 1 and <= StreamsMax && request.Bytes is >= 1 and <= BytesMax && request.DurationMs is >= 1 and <= DurationMsMax
            ? request
            : null;
    }
}
