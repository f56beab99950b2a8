using System.Diagnostics.CodeAnalysis;

namespace NexStream.Core.Wire.Frames;

// No payload.

/// <summary>CONN_CLOSE_ACK: CONN_CLOSE came.</summary>
internal readonly struct ConnCloseAckFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize;

    /// <summary>Never false: there is nothing that could be wrong.</summary>
    public static bool TryRead(in RawFrame raw, out ConnCloseAckFrame frame)
    {
        _ = raw;
        frame = default;
        return true;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "All frames are written in the same way.")]
    public bool TryWrite(ref FrameWriter writer) => writer.TryBegin(FrameType.ConnCloseAck, 0, 0, out _);
}
