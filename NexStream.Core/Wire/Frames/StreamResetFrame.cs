using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------------------------------------------------------+
// |                        Error Code (32)                        |
// +---------------+-----------------------------------------------+
// | Direction (8) |                Final Size (64) ...
// +---------------+-----------------------------------------------+
// |                        Final Charge (64)                      |
// |                                                               |
// +---------------------------------------------------------------+

/// <summary>STREAM_RESET: ends one half of a stream at once.</summary>
internal struct StreamResetFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 25;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>Why.</summary>
    public ReasonCode Error;

    /// <summary>Which half.</summary>
    public StreamResetDirection Direction;

    /// <summary>RO: bytes ever sent on the stream. Other modes: messages. 0 where the peer is asked to stop.</summary>
    public ulong FinalSize;

    /// <summary>Bytes that the sender charged to the connection's credit for this stream, in total. 0 where the peer is asked to stop.</summary>
    public ulong FinalCharge;

    /// <summary>False: too short, an unknown direction, or a final size or charge that cannot be.</summary>
    public static bool TryRead(in RawFrame raw, out StreamResetFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.Error = (ReasonCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        frame.Direction = (StreamResetDirection)payload[8];
        frame.FinalSize = BinaryPrimitives.ReadUInt64BigEndian(payload[9..]);
        frame.FinalCharge = BinaryPrimitives.ReadUInt64BigEndian(payload[17..]);
        return frame.Direction <= StreamResetDirection.StopSending
            && frame.FinalSize <= WireLimits.PositionMax
            && frame.FinalCharge <= WireLimits.PositionMax;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.StreamReset, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)Error);
        payload[8] = (byte)Direction;
        BinaryPrimitives.WriteUInt64BigEndian(payload[9..], FinalSize);
        BinaryPrimitives.WriteUInt64BigEndian(payload[17..], FinalCharge);
        return true;
    }
}
