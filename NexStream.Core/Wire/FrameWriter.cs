using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace NexStream.Core.Wire;

/// <summary>Writes frames one after another into a packet's head. What does not fit is not begun.</summary>
internal ref struct FrameWriter
{
    private readonly Span<byte> _destination;

    public FrameWriter(Span<byte> destination)
    {
        _destination = destination;
    }

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes free.</summary>
    public readonly int Remaining => _destination.Length - Length;

    /// <summary>
    /// Writes the frame header and hands out the payload, which the caller fills to its last byte. False: the frame does not fit, and
    /// nothing was written.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryBegin(FrameType type, byte flags, int payloadLength, out Span<byte> payload)
    {
        if (payloadLength is < 0 or > ushort.MaxValue || payloadLength > Remaining - RawFrame.HeaderSize)
        {
            payload = default;
            return false;
        }

        Span<byte> frame = _destination.Slice(Length, RawFrame.HeaderSize + payloadLength);
        frame[0] = (byte)type;
        frame[1] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payloadLength);
        payload = frame[RawFrame.HeaderSize..];
        Length += frame.Length;
        return true;
    }
}
