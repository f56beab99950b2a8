using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------------------------------------------------------+
// |                       Message Number (64)                     |
// |                                                               |
// +---------------------------------------------------------------+
// |                          Charge (32)                          |
// +---------------------------------------------------------------+

/// <summary>DATA_SKIP: a message expired and will not be sent (again), so that no gap waits for it (RFC 3758).</summary>
internal struct DataSkipFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 16;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>The message.</summary>
    public ulong Message;

    /// <summary>Bytes that the message was charged to the connection's credit; 0 if none of it ever was sent.</summary>
    public uint Charge;

    /// <summary>False: too short, or a message number that cannot be.</summary>
    public static bool TryRead(in RawFrame raw, out DataSkipFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.Message = BinaryPrimitives.ReadUInt64BigEndian(payload[4..]);
        frame.Charge = BinaryPrimitives.ReadUInt32BigEndian(payload[12..]);
        return frame.Message <= WireLimits.PositionMax;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.DataSkip, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        BinaryPrimitives.WriteUInt64BigEndian(payload[4..], Message);
        BinaryPrimitives.WriteUInt32BigEndian(payload[12..], Charge);
        return true;
    }
}
