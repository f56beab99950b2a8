using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------------------------------------------------------+
// |                       First Message (64)                      |
// |                                                               |
// +---------------+---------------+-------------------------------+
// | Group Size (8)|    Row (8)    |          Reserved (16)        |
// +---------------+---------------+-------------------------------+
// |                      Length Parity (32)                       |
// +---------------------------------------------------------------+
// |        Parity of the messages, to the end of the packet ...

/// <summary>
/// REPAIR: one parity symbol of a group of consecutive probabilistic messages; like DATA the last frame of its packet. A message's symbol is its
/// length, in four bytes, and its bytes, padded with zeros to the longest of the group (NS-PR-002).
/// </summary>
internal struct RepairFrame
{
    /// <summary>Bytes of the frame with its header, without the parity.</summary>
    public const int WireSize = RawFrame.HeaderSize + FieldsSize;

    /// <summary>Messages in a group, and parity symbols of one, at most: what arrived of each is one 64-bit word at the receiver.</summary>
    public const int GroupSizeMax = 64;

    /// <summary>Type, flags and length as one number in the order of the wire.</summary>
    public const uint Start = ((uint)FrameType.Repair << 24) | FieldsSize;

    /// <summary>Bytes of the head of a packet that has nothing else in it.</summary>
    public const int HeadSize = PacketHeader.Size + WireSize;

    private const int FieldsSize = 20;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>Number of the group's first message.</summary>
    public ulong FirstMessage;

    /// <summary>Messages in the group: 1 to <see cref="GroupSizeMax"/>.</summary>
    public byte GroupSize;

    /// <summary>Which of the group's parity symbols this is, from 0: the row of the coding matrix.</summary>
    public byte Row;

    /// <summary>The parity of the four bytes of each message's length, big-endian.</summary>
    public uint LengthParity;

    /// <summary>Reads the frame where a packet has come to it. False: too short, a group or row that cannot be, or numbers past the largest.</summary>
    /// <param name="packet">The packet from the frame's first byte on.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="parity">What lies behind it, as far as it is in the packet's head.</param>
    public static bool TryRead(ReadOnlySpan<byte> packet, out RepairFrame frame, out ReadOnlySpan<byte> parity)
    {
        frame = default;
        parity = default;
        if (packet.Length < RawFrame.HeaderSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (length > packet.Length - RawFrame.HeaderSize)
        {
            return false;
        }

        parity = packet[(RawFrame.HeaderSize + length)..];
        return TryRead(new RawFrame(FrameType.Repair, packet[1], packet.Slice(RawFrame.HeaderSize, length)), out frame);
    }

    /// <summary>False: as above.</summary>
    public static bool TryRead(in RawFrame raw, out RepairFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> fields = raw.Payload;
        if (fields.Length < FieldsSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(fields);
        frame.FirstMessage = BinaryPrimitives.ReadUInt64BigEndian(fields[4..]);
        frame.GroupSize = fields[12];
        frame.Row = fields[13];
        frame.LengthParity = BinaryPrimitives.ReadUInt32BigEndian(fields[16..]);
        return frame.GroupSize is > 0 and <= GroupSizeMax && frame.Row < GroupSizeMax && frame.FirstMessage <= WireLimits.PositionMax - GroupSizeMax;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.Repair, 0, FieldsSize, out Span<byte> fields))
        {
            return false;
        }

        WriteFields(fields);
        return true;
    }

    /// <summary>Writes what stands behind type, flags and length.</summary>
    public readonly void WriteFields(Span<byte> fields)
    {
        BinaryPrimitives.WriteUInt32BigEndian(fields, StreamId);
        BinaryPrimitives.WriteUInt64BigEndian(fields[4..], FirstMessage);
        fields[12] = GroupSize;
        fields[13] = Row;
        BinaryPrimitives.WriteUInt16BigEndian(fields[14..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(fields[16..], LengthParity);
    }
}
