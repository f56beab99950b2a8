using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

// Flags: bits 7-6 mode - 1, bit 1 SEQUENCE (best-effort only), bit 0 FIN, the others 0.
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------------------------------------------------------+   RO: offset; RU, PR: message number;
// |                          Position (64)                        |   BE: sequence number, only with flag SEQUENCE
// |                                                               |
// +---------------------------------------------------------------+   only RU:
// |                      Message Length (32)                      |
// +---------------------------------------------------------------+
// |                      Fragment Offset (32)                     |
// +---------------------------------------------------------------+
// |        Application payload, to the end of the packet ...

/// <summary>
/// DATA: the last frame of its packet. The frame's length counts the fields above; the application's payload is everything behind them
/// up to the end of the packet, so it may be longer than 64 KB.
/// </summary>
internal struct DataFrame
{
    /// <summary>The most bytes that the frame's header and fields take, in any mode.</summary>
    public const int WireSizeMax = RawFrame.HeaderSize + UnorderedSize;

    private const byte FinFlag = 0x01;
    private const byte SequenceFlag = 0x02;
    private const byte ReservedFlags = 0x3C;
    private const int ModeShift = 6;

    private const int StreamSize = 4;
    private const int PositionSize = StreamSize + 8;
    private const int UnorderedSize = PositionSize + 8;

    /// <summary>The stream's mode.</summary>
    public TransportMode Mode;

    /// <summary>Nothing follows this on the stream in this direction.</summary>
    public bool Fin;

    /// <summary>Best-effort only: <see cref="Position"/> is on the wire (NS-BE-004).</summary>
    public bool HasSequence;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>RO: offset of the first payload byte. RU and PR: message number. BE: sequence number if <see cref="HasSequence"/>.</summary>
    public ulong Position;

    /// <summary>RU only: bytes of the whole message.</summary>
    public uint MessageLength;

    /// <summary>RU only: where in the message the payload begins.</summary>
    public uint FragmentOffset;

    /// <summary>Bytes of the frame with its header, without the application's payload.</summary>
    public readonly int WireLength => RawFrame.HeaderSize + FieldsSize(Mode, HasSequence);

    /// <summary>False: too short, flags that the mode does not have, a position that cannot be, or a fragment that begins past its message.</summary>
    public static bool TryRead(in RawFrame raw, out DataFrame frame)
    {
        frame = default;
        frame.Mode = (TransportMode)((raw.Flags >> ModeShift) + 1);
        frame.Fin = (raw.Flags & FinFlag) != 0;
        frame.HasSequence = (raw.Flags & SequenceFlag) != 0;
        ReadOnlySpan<byte> payload = raw.Payload;
        if ((raw.Flags & ReservedFlags) != 0
            || (frame.HasSequence && frame.Mode != TransportMode.BestEffort)
            || payload.Length < FieldsSize(frame.Mode, frame.HasSequence))
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (frame.Mode != TransportMode.BestEffort || frame.HasSequence)
        {
            frame.Position = BinaryPrimitives.ReadUInt64BigEndian(payload[StreamSize..]);
        }

        if (frame.Mode == TransportMode.ReliableUnordered)
        {
            frame.MessageLength = BinaryPrimitives.ReadUInt32BigEndian(payload[PositionSize..]);
            frame.FragmentOffset = BinaryPrimitives.ReadUInt32BigEndian(payload[(PositionSize + 4)..]);
        }

        bool isFragmentInside = frame.FragmentOffset < frame.MessageLength || (frame.FragmentOffset | frame.MessageLength) == 0;
        return frame.Position <= WireLimits.PositionMax && isFragmentInside;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        bool isSequenced = HasSequence && Mode == TransportMode.BestEffort;
        byte flags = (byte)((((byte)Mode - 1) << ModeShift) | (isSequenced ? SequenceFlag : 0) | (Fin ? FinFlag : 0));
        if (!writer.TryBegin(FrameType.Data, flags, FieldsSize(Mode, isSequenced), out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId);
        if (payload.Length >= PositionSize)
        {
            BinaryPrimitives.WriteUInt64BigEndian(payload[StreamSize..], Position);
        }

        if (Mode == TransportMode.ReliableUnordered)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload[PositionSize..], MessageLength);
            BinaryPrimitives.WriteUInt32BigEndian(payload[(PositionSize + 4)..], FragmentOffset);
        }

        return true;
    }

    private static int FieldsSize(TransportMode mode, bool hasSequence) => mode switch
    {
        TransportMode.ReliableUnordered => UnorderedSize,
        TransportMode.BestEffort when !hasSequence => StreamSize,
        _ => PositionSize,
    };
}
