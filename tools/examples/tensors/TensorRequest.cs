using System.Buffers.Binary;

namespace NexStream.Examples.Tensors;

/// <summary>All that a client says on a stream before it finishes; what it asks for is the answer, and then the server finishes.</summary>
/// <param name="Number">A tensor, in the order of the index; <see cref="Index"/> for that.</param>
/// <param name="Position">The first byte of the tensor that is wanted.</param>
internal readonly record struct TensorRequest(int Number, long Position)
{
    public const int Size = sizeof(int) + sizeof(long);
    public const int Index = -1;

    public static TensorRequest Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(int)..]));

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(int)), Position);
        return bytes;
    }
}
