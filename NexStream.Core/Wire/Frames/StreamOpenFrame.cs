using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------+---------------+-------------------------------+
// |    Mode (8)   |  Priority (8) |      Initial Window (32) ...
// +---------------+---------------+-------------------------------+

/// <summary>STREAM_OPEN: the sender opens a stream.</summary>
internal struct StreamOpenFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 10;

    /// <summary>The new stream.</summary>
    public uint StreamId;

    /// <summary>How it delivers, in both directions.</summary>
    public TransportMode Mode;

    /// <summary>0 (lowest) to <see cref="LinkHeader.PriorityMax"/>.</summary>
    public byte Priority;

    /// <summary>What the opener is ready to receive: RO bytes, RU messages, otherwise 0.</summary>
    public uint InitialWindow;

    /// <summary>False: too short, an unknown mode, or a priority above 15.</summary>
    public static bool TryRead(in RawFrame raw, out StreamOpenFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.Mode = (TransportMode)payload[4];
        frame.Priority = payload[5];
        frame.InitialWindow = BinaryPrimitives.ReadUInt32BigEndian(payload[6..]);
        return frame.Mode is >= TransportMode.ReliableOrdered and <= TransportMode.Probabilistic && frame.Priority <= LinkHeader.PriorityMax;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.StreamOpen, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        payload[4] = (byte)Mode;
        payload[5] = Priority;
        BinaryPrimitives.WriteUInt32BigEndian(payload[6..], InitialWindow);
        return true;
    }
}
