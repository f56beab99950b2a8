namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Path Id (8)  |
// +---------------+

/// <summary>PATH_CLOSE: the sender neither sends nor takes packets on a further path any more, or never will.</summary>
internal struct PathCloseFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 1;

    /// <summary>The path.</summary>
    public byte PathId;

    /// <summary>False: too short.</summary>
    public static bool TryRead(in RawFrame raw, out PathCloseFrame frame)
    {
        frame = default;
        if (raw.Payload.Length < PayloadSize)
        {
            return false;
        }

        frame.PathId = raw.Payload[0];
        return true;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.PathClose, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        payload[0] = PathId;
        return true;
    }
}
