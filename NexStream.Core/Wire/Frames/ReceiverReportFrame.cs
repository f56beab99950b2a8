using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------------------------------------------------------+
// |                          Received (64)                        |
// |                            Lost (64)                          |
// |                         Recovered (64)                        |
// +---------------------------------------------------------------+
// |              Mean Burst Length (32), 8 fractional bits        |
// +---------------------------------------------------------------+
// |                          Interval (32)                        |
// +---------------------------------------------------------------+

/// <summary>RECEIVER_REPORT: what arrived on a probabilistic stream, so that the sender can adapt its redundancy (NS-PR-005).</summary>
internal struct ReceiverReportFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 36;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>Messages received since the stream began, those recovered not counted.</summary>
    public ulong Received;

    /// <summary>Messages lost since the stream began, those recovered counted too.</summary>
    public ulong Lost;

    /// <summary>Of those lost, how many forward error correction brought back.</summary>
    public ulong Recovered;

    /// <summary>The mean length of the runs of losses since the last report, in 1/256 of a message; 0: there was none.</summary>
    public uint BurstLengthMeanQ8;

    /// <summary>Time since the last report, in microseconds.</summary>
    public uint IntervalUs;

    /// <summary>False: too short.</summary>
    public static bool TryRead(in RawFrame raw, out ReceiverReportFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.Received = BinaryPrimitives.ReadUInt64BigEndian(payload[4..]);
        frame.Lost = BinaryPrimitives.ReadUInt64BigEndian(payload[12..]);
        frame.Recovered = BinaryPrimitives.ReadUInt64BigEndian(payload[20..]);
        frame.BurstLengthMeanQ8 = BinaryPrimitives.ReadUInt32BigEndian(payload[28..]);
        frame.IntervalUs = BinaryPrimitives.ReadUInt32BigEndian(payload[32..]);
        return true;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.ReceiverReport, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        BinaryPrimitives.WriteUInt64BigEndian(payload[4..], Received);
        BinaryPrimitives.WriteUInt64BigEndian(payload[12..], Lost);
        BinaryPrimitives.WriteUInt64BigEndian(payload[20..], Recovered);
        BinaryPrimitives.WriteUInt32BigEndian(payload[28..], BurstLengthMeanQ8);
        BinaryPrimitives.WriteUInt32BigEndian(payload[32..], IntervalUs);
        return true;
    }
}
