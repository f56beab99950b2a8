using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                             Tag (64)                          |
// |                                                               |
// +---------------------------------------------------------------+
// |                    Initial Stream Data (32)                   |
// +---------------------------------------------------------------+
// |                  Initial Stream Messages (32)                 |
// +---------------------------------------------------------------+
// |                       Max Ack Delay (32)                      |
// +---------------------------------------------------------------+
// |                      Max Frame Length (32)                    |
// +---------------------------------------------------------------+
// |                     Max Message Length (32)                   |
// +---------------------------------------------------------------+
// |                          Features (32)                        |
// +---------------+-----------------------------------------------+
// |Window Scale(8)|
// +---------------+

/// <summary>What one side tells the other about itself in CONN_INIT and CONN_ACCEPT, behind the seed's fields.</summary>
internal struct TransportParameters
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 33;

    private const uint FurtherPathsMask = 0x07;

    /// <summary>The largest shift that RFC 7323 §2.3 allows.</summary>
    public const byte WindowScaleMax = 14;

    /// <summary>The smallest <see cref="MaxFrameLength"/>: what RFC 9000 §14 asks of every path, so that each frame type fits somewhere.</summary>
    public const uint MaxFrameLengthMin = 1200;

    /// <summary>The tag that packets to the sender of this must carry. Never 0, which is CONN_INIT's.</summary>
    public ulong Tag;

    /// <summary>Bytes that the peer may send on a reliable-ordered stream before it hears of credit.</summary>
    public uint InitialStreamData;

    /// <summary>Messages that the peer may send on a reliable-unordered stream before it hears of credit.</summary>
    public uint InitialStreamMessages;

    /// <summary>The longest that the sender of this will hold an acknowledgement back, in microseconds (RFC 9000 §18.2).</summary>
    public uint MaxAckDelayUs;

    /// <summary>The longest NexLink frame that the sender of this takes, in bytes, its 48-byte header included.</summary>
    public uint MaxFrameLength;

    /// <summary>The longest message that the sender of this takes, in bytes.</summary>
    public uint MaxMessageLength;

    /// <summary>
    /// Optional features of the sender of this; a reader ignores bits that it does not know. The lowest three: further paths that it takes at a time.
    /// </summary>
    public uint Features;

    /// <summary>The shift of the window_update field in the sender's DATA_ACK of reliable-ordered streams (RFC 7323 §2).</summary>
    public byte WindowScale;

    /// <summary>Further paths that the sender of this takes at a time: 0 to 7, and 0 where it knows nothing of them.</summary>
    public readonly int FurtherPathsMax => (int)(Features & FurtherPathsMask);

    /// <summary>The bits that say how many further paths are taken.</summary>
    public static uint FurtherPaths(int count) => (uint)count & FurtherPathsMask;

    /// <summary>Reads the first <see cref="Size"/> bytes. False: too short, tag 0, too small a frame length, or too large a scale.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out TransportParameters parameters)
    {
        parameters = default;
        if (source.Length < Size)
        {
            return false;
        }

        parameters.Tag = BinaryPrimitives.ReadUInt64BigEndian(source);
        parameters.InitialStreamData = BinaryPrimitives.ReadUInt32BigEndian(source[8..]);
        parameters.InitialStreamMessages = BinaryPrimitives.ReadUInt32BigEndian(source[12..]);
        parameters.MaxAckDelayUs = BinaryPrimitives.ReadUInt32BigEndian(source[16..]);
        parameters.MaxFrameLength = BinaryPrimitives.ReadUInt32BigEndian(source[20..]);
        parameters.MaxMessageLength = BinaryPrimitives.ReadUInt32BigEndian(source[24..]);
        parameters.Features = BinaryPrimitives.ReadUInt32BigEndian(source[28..]);
        parameters.WindowScale = source[32];
        return parameters.Tag != 0 && parameters.MaxFrameLength >= MaxFrameLengthMin && parameters.WindowScale <= WindowScaleMax;
    }

    /// <summary>Writes the first <see cref="Size"/> bytes of <paramref name="destination"/>.</summary>
    public readonly void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, Tag);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], InitialStreamData);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], InitialStreamMessages);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], MaxAckDelayUs);
        BinaryPrimitives.WriteUInt32BigEndian(destination[20..], MaxFrameLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[24..], MaxMessageLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[28..], Features);
        destination[32] = WindowScale;
    }
}
