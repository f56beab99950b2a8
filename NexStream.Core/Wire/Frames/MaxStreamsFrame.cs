using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                        Max Streams (32)                       |
// +---------------------------------------------------------------+

/// <summary>MAX_STREAMS: how many streams the receiver of this may open over the connection's whole life (RFC 9000 §4.6, §19.11).</summary>
internal struct MaxStreamsFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 4;

    /// <summary>Cumulative: streams that have ended count too.</summary>
    public uint MaxStreams;

    /// <summary>False: too short.</summary>
    public static bool TryRead(in RawFrame raw, out MaxStreamsFrame frame)
    {
        frame = default;
        if (raw.Payload.Length < PayloadSize)
        {
            return false;
        }

        frame.MaxStreams = BinaryPrimitives.ReadUInt32BigEndian(raw.Payload);
        return true;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.MaxStreams, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, MaxStreams);
        return true;
    }
}
