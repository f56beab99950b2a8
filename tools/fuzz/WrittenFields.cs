using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tools.Fuzz;

/// <summary>Whether a frame that was read and written says what it said before: byte for byte, but for what docs/wire-format.md calls reserved.</summary>
internal static class WrittenFields
{
    /// <summary>Throws where a byte that means something was changed.</summary>
    public static void Check(in RawFrame read, in RawFrame written)
    {
        // What lies behind the known fields is an extension, which is not written.
        int length = Math.Min(read.Payload.Length, written.Payload.Length);
        bool mayBeShorter = read.Type == FrameType.DataNack;
        if (written.Payload.Length > read.Payload.Length && !mayBeShorter)
        {
            throw new FuzzFailureException($"{read.Type} had {read.Payload.Length} bytes, and is written with {written.Payload.Length}.");
        }

        for (int i = 0; i < length; i++)
        {
            if (read.Payload[i] != written.Payload[i] && !IsFree(read, i))
            {
                throw new FuzzFailureException($"Byte {i} of {read.Type} was {read.Payload[i]:x2}, and is written as {written.Payload[i]:x2}.");
            }
        }
    }

    /// <summary>Whether the byte is reserved, or has bits that are.</summary>
    private static bool IsFree(in RawFrame frame, int index) => frame.Type switch
    {
        FrameType.DataAck => StreamDataAckFrame.StreamIdOf(frame) == StreamId.ConnectionControl && index is >= 8 and < 12,
        FrameType.Data => index is >= 13 and < 16 && (DataFrame.TryRead(frame, out DataFrame data) && data.IsGrouped),
        FrameType.Repair => index is 14 or 15,
        _ => false,
    };
}
