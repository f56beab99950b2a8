using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |             Stream Id (32), 0 for the connection              |
// +---------------------------------------------------------------+
// |                      Window Increment (32)                    |
// +---------------------------------------------------------------+
// |                           Limit (64)                          |
// |                                                               |
// +---------------------------------------------------------------+

/// <summary>WINDOW_UPDATE: credit of a stream or of the connection. The limit counts, the increment informs.</summary>
internal struct WindowUpdateFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 16;

    /// <summary>The stream, or 0 for the connection.</summary>
    public uint StreamId;

    /// <summary>By how much the limit rose since the sender last said it; readers ignore it.</summary>
    public uint WindowIncrement;

    /// <summary>The absolute limit: connection and RO bytes, RU messages, from the beginning.</summary>
    public ulong Limit;

    /// <summary>False: too short.</summary>
    public static bool TryRead(in RawFrame raw, out WindowUpdateFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.WindowIncrement = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        frame.Limit = BinaryPrimitives.ReadUInt64BigEndian(payload[8..]);
        return true;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.WindowUpdate, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], WindowIncrement);
        BinaryPrimitives.WriteUInt64BigEndian(payload[8..], Limit);
        return true;
    }
}
