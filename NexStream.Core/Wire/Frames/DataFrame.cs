using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

// Flags: bits 7-6 mode - 1, bit 2 GROUPED (probabilistic only), bit 1 SEQUENCE (best-effort only), bit 0 FIN, the others 0.
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
// +---------------+-----------------------------------------------+   only PR, with flag GROUPED:
// |   Index (8)   |                 Reserved (24)                 |
// +---------------+-----------------------------------------------+
// |        Application payload, to the end of the packet ...

/// <summary>
/// DATA: the last frame of its packet. The frame's length counts the fields above; the application's payload is everything behind them
/// up to the end of the packet, so it may be longer than 64 KB.
/// </summary>
internal struct DataFrame
{
    /// <summary>The most bytes that the frame's header and fields take, in any mode.</summary>
    public const int WireSizeMax = RawFrame.HeaderSize + UnorderedSize;

    /// <summary>Bytes of the fields in Reliable-Ordered.</summary>
    public const int OrderedFieldsSize = PositionSize;

    private const byte FinFlag = 0x01;
    private const byte SequenceFlag = 0x02;
    private const byte GroupedFlag = 0x04;
    private const byte ReservedFlags = 0x38;
    private const int ModeShift = 6;

    private const int StreamSize = 4;
    private const int PositionSize = StreamSize + 8;
    private const int UnorderedSize = PositionSize + 8;
    private const int GroupedSize = PositionSize + 4;

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

    /// <summary>PR only: REPAIR frames may follow for the group that the message is in.</summary>
    public bool IsGrouped;

    /// <summary>PR only: the message's place in its group, whose messages have consecutive numbers.</summary>
    public byte GroupIndex;

    /// <summary>Bytes of a frame with its header, without the application's payload.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int GetWireLength(TransportMode mode, bool hasSequence, bool isGrouped = false) => RawFrame.HeaderSize + FieldsSize(mode, hasSequence, isGrouped);

    /// <summary>Type, flags and length of a frame without FIN, as one number in the order of the wire.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint StartOf(TransportMode mode, bool hasSequence, bool isGrouped = false) =>
        ((uint)FrameType.Data << 24)
        | (uint)((((int)mode - 1) << ModeShift) | (isGrouped ? GroupedFlag : 0) | (hasSequence && mode == TransportMode.BestEffort ? SequenceFlag : 0)) << 16
        | (uint)FieldsSize(mode, hasSequence, isGrouped);

    /// <summary>Whether the frame that a packet has come to is of a mode in which the same payload may come twice, and is given out once.</summary>
    public static bool IsReliable(ReadOnlySpan<byte> packet) =>
        packet.Length >= RawFrame.HeaderSize && (TransportMode)((packet[1] >> ModeShift) + 1) is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered;

    /// <summary>Reads the frame where a packet has come to it. False: as below, or its length reaches past the packet.</summary>
    /// <param name="packet">The packet from the frame's first byte on.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="payload">What lies behind it: the application's payload, as far as it is in the packet's head.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> packet, out DataFrame frame, out ReadOnlySpan<byte> payload)
    {
        if (packet.Length >= RawFrame.HeaderSize)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
            if (length <= packet.Length - RawFrame.HeaderSize)
            {
                payload = packet[(RawFrame.HeaderSize + length)..];
                return TryRead(packet[1], packet.Slice(RawFrame.HeaderSize, length), out frame);
            }
        }

        frame = default;
        payload = default;
        return false;
    }

    /// <summary>False: too short, flags that the mode does not have, a position that cannot be, or a fragment that begins past its message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(in RawFrame raw, out DataFrame frame) => TryRead(raw.Flags, raw.Payload, out frame);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRead(byte flags, ReadOnlySpan<byte> fields, out DataFrame frame)
    {
        frame = default;
        frame.Mode = (TransportMode)((flags >> ModeShift) + 1);
        frame.Fin = (flags & FinFlag) != 0;
        frame.HasSequence = (flags & SequenceFlag) != 0;
        frame.IsGrouped = (flags & GroupedFlag) != 0;
        if ((flags & ReservedFlags) != 0
            || (frame.HasSequence && frame.Mode != TransportMode.BestEffort)
            || (frame.IsGrouped && frame.Mode != TransportMode.Probabilistic)
            || fields.Length < FieldsSize(frame.Mode, frame.HasSequence, frame.IsGrouped))
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(fields);
        if (frame.Mode == TransportMode.BestEffort && !frame.HasSequence)
        {
            return true;
        }

        frame.Position = BinaryPrimitives.ReadUInt64BigEndian(fields[StreamSize..]);
        if (frame.Mode == TransportMode.ReliableUnordered)
        {
            frame.MessageLength = BinaryPrimitives.ReadUInt32BigEndian(fields[PositionSize..]);
            frame.FragmentOffset = BinaryPrimitives.ReadUInt32BigEndian(fields[(PositionSize + 4)..]);
            if (frame.FragmentOffset >= frame.MessageLength && (frame.FragmentOffset | frame.MessageLength) != 0)
            {
                return false;
            }
        }

        if (frame.IsGrouped)
        {
            frame.GroupIndex = fields[PositionSize];
            if (frame.GroupIndex >= RepairFrame.GroupSizeMax || frame.GroupIndex > frame.Position)
            {
                return false;
            }
        }

        return frame.Position <= WireLimits.PositionMax;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        bool isSequenced = HasSequence && Mode == TransportMode.BestEffort;
        bool isGrouped = IsGrouped && Mode == TransportMode.Probabilistic;
        byte flags = (byte)((((byte)Mode - 1) << ModeShift) | (isGrouped ? GroupedFlag : 0) | (isSequenced ? SequenceFlag : 0) | (Fin ? FinFlag : 0));
        if (!writer.TryBegin(FrameType.Data, flags, FieldsSize(Mode, isSequenced, isGrouped), out Span<byte> payload))
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
        else if (isGrouped)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload[PositionSize..], (uint)GroupIndex << 24);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FieldsSize(TransportMode mode, bool hasSequence, bool isGrouped) => mode switch
    {
        TransportMode.ReliableUnordered => UnorderedSize,
        TransportMode.Probabilistic when isGrouped => GroupedSize,
        TransportMode.BestEffort when !hasSequence => StreamSize,
        _ => PositionSize,
    };
}
