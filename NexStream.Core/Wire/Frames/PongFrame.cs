using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                          Ping Id (64)                         |
// |                                                               |
// +---------------------------------------------------------------+

/// <summary>PONG: answers a PING on the path that it came in on (RFC 9000 §8.2.2).</summary>
internal struct PongFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 8;

    /// <summary>The id of the PING.</summary>
    public ulong PingId;

    /// <summary>False: too short.</summary>
    public static bool TryRead(in RawFrame raw, out PongFrame frame)
    {
        frame = default;
        if (raw.Payload.Length < PayloadSize)
        {
            return false;
        }

        frame.PingId = BinaryPrimitives.ReadUInt64BigEndian(raw.Payload);
        return true;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.Pong, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt64BigEndian(payload, PingId);
        return true;
    }
}
