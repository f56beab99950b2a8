using System.Buffers.Binary;

namespace NexStream.Core.Primitives;

/// <summary>The 128-bit identity of a NexLink node. On the wire it is 16 bytes in network byte order.</summary>
/// <param name="High">The upper 64 bits.</param>
/// <param name="Low">The lower 64 bits.</param>
public readonly record struct NodeId(ulong High, ulong Low)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 16;

    /// <summary>Reads the first <see cref="Size"/> bytes of <paramref name="source"/>.</summary>
    public static NodeId Read(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]));

    /// <summary>Writes the first <see cref="Size"/> bytes of <paramref name="destination"/>.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";
}
