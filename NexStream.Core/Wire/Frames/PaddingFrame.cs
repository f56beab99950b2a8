namespace NexStream.Core.Wire.Frames;

/// <summary>
/// PADDING: ends the packet, and whatever lies behind it means nothing. It asks for nothing but the packet's acknowledgement: path MTU
/// discovery fills its probes with it (RFC 8899 §4.1, RFC 9000 §14.4). There is nothing to read in it.
/// </summary>
internal static class PaddingFrame
{
    /// <summary>False: does not fit, and nothing was written.</summary>
    public static bool TryWrite(ref FrameWriter writer) => writer.TryBegin(FrameType.Padding, 0, 0, out _);
}
