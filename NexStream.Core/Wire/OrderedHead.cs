using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Wire;

/// <summary>
/// The head of a packet that has nothing in it but bytes of a Reliable-Ordered stream: packet header and DATA frame, as four words in network byte
/// order. The same bytes as <see cref="PacketHeader"/> and <see cref="DataFrame"/> write one after the other, at once.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct OrderedHead
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 4 * sizeof(ulong);

    // The upper half of the third word: the frame's type, no flags, the length of its fields.
    private const ulong FrameStart = ((ulong)FrameType.Data << 24) | DataFrame.OrderedFieldsSize;

    private const int PathShift = 56;
    private const int FlagsShift = 48;

    private ulong _tag;
    private ulong _pathAndNumber;
    private ulong _frameAndStream;
    private ulong _position;

    public readonly ulong Tag => Swap(_tag);

    /// <summary>Whether path, flags (none) and packet number are these.</summary>
    public readonly bool IsPacket(byte pathId, uint number) => Swap(_pathAndNumber) == (((ulong)pathId << PathShift) | number);

    /// <summary>Whether a DATA frame of Reliable-Ordered without FIN follows.</summary>
    public readonly bool IsOrderedData => Swap(_frameAndStream) >> 32 == FrameStart;

    public readonly uint StreamId => unchecked((uint)Swap(_frameAndStream));

    public readonly ulong Position => Swap(_position);

    /// <summary>Whether the bytes are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsSame(in OrderedHead other) =>
        _position == other._position && _pathAndNumber == other._pathAndNumber && _tag == other._tag && _frameAndStream == other._frameAndStream;

    /// <summary>Becomes the head of the packet that follows this one, which has <paramref name="length"/> bytes: where the number's 32 bits end, of none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int length)
    {
        _pathAndNumber = Swap(Swap(_pathAndNumber) + 1);
        _position = Swap(Swap(_position) + (uint)length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly OrderedHead In(ReadOnlySpan<byte> bytes) => ref MemoryMarshal.AsRef<OrderedHead>(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Span<byte> destination, ulong tag, byte pathId, byte flags, uint number, uint streamId, ulong position)
    {
        ref OrderedHead head = ref MemoryMarshal.AsRef<OrderedHead>(destination);
        head._tag = Swap(tag);
        head._pathAndNumber = Swap(((ulong)pathId << PathShift) | ((ulong)flags << FlagsShift) | number);
        head._frameAndStream = Swap((FrameStart << 32) | streamId);
        head._position = Swap(position);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Swap(ulong value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
