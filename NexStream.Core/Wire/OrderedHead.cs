using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Wire;

/// <summary>The head of a packet that has nothing in it but bytes of a Reliable-Ordered stream: <see cref="DataHead"/> and the position.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct OrderedHead
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = DataHead.Size + sizeof(ulong);

    /// <summary>The frame's type, no flags, the length of its fields.</summary>
    public const uint Frame = ((uint)FrameType.Data << 24) | DataFrame.OrderedFieldsSize;

    private readonly DataHead _head;
    private readonly ulong _position;

    /// <summary>What every packet with nothing but data begins with.</summary>
    [UnscopedRef]
    public readonly ref readonly DataHead Data => ref _head;

    public readonly ulong Position => Swap(_position);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly OrderedHead In(ReadOnlySpan<byte> bytes) => ref MemoryMarshal.AsRef<OrderedHead>(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Span<byte> destination, in DataHead common, byte flags, uint number, ulong position)
    {
        common.Write(destination, flags, number);
        BinaryPrimitives.WriteUInt64BigEndian(destination[DataHead.Size..], position);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Swap(ulong value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
