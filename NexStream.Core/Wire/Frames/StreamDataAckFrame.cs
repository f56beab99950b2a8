using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                      Stream Id (32), not 0                    |
// +---------------------------------------------------------------+
// |                         Ack Number (32)                       |
// +---------------------------------------------------------------+
// |                       Window Update (32)                      |
// +---------------------------------------------------------------+

/// <summary>DATA_ACK on a stream: how far the stream was delivered without a gap, and its credit. It frees no send buffer.</summary>
internal struct StreamDataAckFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 12;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>The low 32 bits of the first byte offset (RO) or message number (RU) that is missing.</summary>
    public uint AckNumber;

    /// <summary>Credit counted from the full 64-bit ack number: RO bytes, shifted right by the sender's window scale; RU messages.</summary>
    public uint WindowUpdate;

    /// <summary>The stream of a DATA_ACK of either kind, to tell them apart; 0 where the frame is too short for one.</summary>
    public static uint StreamIdOf(in RawFrame raw) =>
        raw.Payload.Length < sizeof(uint) ? Primitives.StreamId.ConnectionControl : BinaryPrimitives.ReadUInt32BigEndian(raw.Payload);

    /// <summary>False: too short, or of stream 0.</summary>
    public static bool TryRead(in RawFrame raw, out StreamDataAckFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.AckNumber = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        frame.WindowUpdate = BinaryPrimitives.ReadUInt32BigEndian(payload[8..]);
        return frame.StreamId != Primitives.StreamId.ConnectionControl;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.DataAck, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], AckNumber);
        BinaryPrimitives.WriteUInt32BigEndian(payload[8..], WindowUpdate);
        return true;
    }
}
