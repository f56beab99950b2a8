using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Wire;

/// <summary>
/// What the head of every packet begins with that has nothing in it but DATA or REPAIR: packet header, frame header and stream, as three words in network byte
/// order. The same bytes as <see cref="PacketHeader"/> and <see cref="DataFrame"/> write one after the other, at once.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct DataHead
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 3 * sizeof(ulong);

    private const int PathShift = 56;
    private const int FlagsShift = 48;

    private ulong _tag;
    private ulong _pathAndNumber;
    private ulong _frameAndStream;

    public readonly ulong Tag => Swap(_tag);

    /// <summary>The frame's type, flags and length of its fields.</summary>
    public readonly uint Frame => unchecked((uint)(Swap(_frameAndStream) >> 32));

    public readonly uint StreamId => unchecked((uint)Swap(_frameAndStream));

    /// <summary>Whether path, flags (none) and packet number are these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsPacket(byte pathId, uint number) => Swap(_pathAndNumber) == (((ulong)pathId << PathShift) | number);

    /// <summary>Whether tag, path, flags and packet number are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsSamePacket(in DataHead other) => _pathAndNumber == other._pathAndNumber && _tag == other._tag;

    /// <summary>Whether the frame's kind and stream are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsSameStream(in DataHead other) => _frameAndStream == other._frameAndStream;

    /// <summary>Becomes the head of the packet that follows this one: where the number's 32 bits end, of none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance() => _pathAndNumber = Swap(Swap(_pathAndNumber) + 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly DataHead In(ReadOnlySpan<byte> bytes) => ref MemoryMarshal.AsRef<DataHead>(bytes);

    /// <summary>What is the same in all packets of a path that carry data of one stream: without flags, the number 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DataHead Of(ulong tag, byte pathId, uint frame, uint streamId) => new()
    {
        _tag = Swap(tag),
        _pathAndNumber = Swap((ulong)pathId << PathShift),
        _frameAndStream = Swap(((ulong)frame << 32) | streamId),
    };

    /// <summary>Writes the head of one of these packets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write(Span<byte> destination, byte flags, uint number)
    {
        ref DataHead head = ref MemoryMarshal.AsRef<DataHead>(destination);
        head._tag = _tag;
        head._pathAndNumber = _pathAndNumber | Swap(((ulong)flags << FlagsShift) | number);
        head._frameAndStream = _frameAndStream;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Swap(ulong value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
