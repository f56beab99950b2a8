using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace NexStream.Core.Wire;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                             Tag (64)                          |
// |                                                               |
// +---------------+---------------+-------------------------------+
// |  Path Id (8)  |   Flags (8)   |         Reserved (16)         |
// +---------------+---------------+-------------------------------+
// |                       Packet Number (32)                      |
// +---------------------------------------------------------------+

/// <summary>What every packet begins with, behind the NexLink header.</summary>
internal struct PacketHeader
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 16;

    /// <summary>Chosen by the receiver: names the connection and the path. 0 in packets that carry CONN_INIT.</summary>
    public ulong Tag;

    /// <summary>The path whose packet numbers this packet counts in.</summary>
    public byte PathId;

    /// <summary>
    /// The sender waits for the acknowledgement of this packet: its window is full, or it probes. An acknowledgement should leave at once.
    /// </summary>
    public const byte AckNow = 0x01;

    /// <summary><see cref="AckNow"/>, or 0. The other bits are a place for a mark on sealed packets.</summary>
    public byte Flags;

    /// <summary>The low 32 of the packet number's 64 bits.</summary>
    public uint PacketNumber;

    /// <summary>Reads a header. False: too short, or with flags that version 1 does not have: what follows could not be understood.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> source, out PacketHeader header)
    {
        header = default;
        if (source.Length < Size || (source[9] & ~AckNow) != 0)
        {
            return false;
        }

        header.Tag = BinaryPrimitives.ReadUInt64BigEndian(source);
        header.PathId = source[8];
        header.Flags = source[9];
        header.PacketNumber = BinaryPrimitives.ReadUInt32BigEndian(source[12..]);
        return true;
    }

    /// <summary>Writes the first <see cref="Size"/> bytes of <paramref name="destination"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, Tag);
        destination[8] = PathId;
        destination[9] = Flags;
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], PacketNumber);
    }
}
