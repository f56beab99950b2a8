using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                        ECN-CE Count (64)                      |
// |                                                               |
// +---------------------------------------------------------------+
// |                       Bytes In Flight (64)                    |
// |                                                               |
// +---------------------------------------------------------------+

/// <summary>CONGESTION: echoes congestion marks of the path that it travels on at once, ahead of the next acknowledgement.</summary>
internal struct CongestionFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 16;

    /// <summary>Packets that arrived marked CE on this path since it began.</summary>
    public ulong EcnCeCount;

    /// <summary>Bytes that the sender of this has in flight on this path, for statistics.</summary>
    public ulong BytesInFlight;

    /// <summary>False: too short.</summary>
    public static bool TryRead(in RawFrame raw, out CongestionFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.EcnCeCount = BinaryPrimitives.ReadUInt64BigEndian(payload);
        frame.BytesInFlight = BinaryPrimitives.ReadUInt64BigEndian(payload[8..]);
        return true;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.Congestion, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt64BigEndian(payload, EcnCeCount);
        BinaryPrimitives.WriteUInt64BigEndian(payload[8..], BytesInFlight);
        return true;
    }
}
