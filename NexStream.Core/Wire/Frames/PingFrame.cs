using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                          Ping Id (64)                         |
// |                                                               |
// +---------------------------------------------------------------+

/// <summary>PING: asks for a PONG on the same path; also the path challenge of RFC 9000 §8.2.1.</summary>
internal struct PingFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 8;

    /// <summary>Unguessable: only somebody who received the PING can answer it.</summary>
    public ulong PingId;

    /// <summary>False: too short.</summary>
    public static bool TryRead(in RawFrame raw, out PingFrame frame)
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
        if (!writer.TryBegin(FrameType.Ping, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt64BigEndian(payload, PingId);
        return true;
    }
}
