using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------------------------------------------------------+
// |                        Reason Code (32)                       |
// +---------------------------------------------------------------+
// |                         Final Size (64)                       |
// |                                                               |
// +---------------------------------------------------------------+

/// <summary>STREAM_CLOSE: the sender's direction of the stream ends at the final size, and everything before it will still be delivered.</summary>
internal struct StreamCloseFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 16;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>Why.</summary>
    public ReasonCode Reason;

    /// <summary>RO: bytes ever sent on the stream. Other modes: messages.</summary>
    public ulong FinalSize;

    /// <summary>False: too short, or a final size that cannot be.</summary>
    public static bool TryRead(in RawFrame raw, out StreamCloseFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.Reason = (ReasonCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        frame.FinalSize = BinaryPrimitives.ReadUInt64BigEndian(payload[8..]);
        return frame.FinalSize <= WireLimits.PositionMax;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.StreamClose, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)Reason);
        BinaryPrimitives.WriteUInt64BigEndian(payload[8..], FinalSize);
        return true;
    }
}
