using System.Buffers.Binary;
using System.Diagnostics;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

// Flags: bit 0 ECN.
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                       Stream Id (32) = 0                      |
// +---------------------------------------------------------------+
// |             Ack Number (32): largest packet number            |
// +---------------------------------------------------------------+
// |                     Window Update (32) = 0                    |
// +---------------+---------------+-------------------------------+
// |  Path Id (8)  | More Rngs (8) |         Ack Delay (32) ...
// +---------------+---------------+-------------------------------+
// |                     First Range Length (32)                   |
// +---------------------------------------------------------------+   More Rngs times:
// |                            Gap (32)                           |
// +---------------------------------------------------------------+
// |                           Length (32)                         |
// +---------------------------------------------------------------+   only with flag ECN:
// |                       ECT(0) Count (64)                       |
// |                       ECT(1) Count (64)                       |
// |                       ECN-CE Count (64)                       |
// +---------------------------------------------------------------+
// |                     Connection Credit (64)                    |
// |                                                               |
// +---------------------------------------------------------------+

/// <summary>
/// DATA_ACK on stream 0: QUIC's ACK frame (RFC 9000 §19.3) in the seed's clothes. It acknowledges packets of one path and carries the
/// connection's credit. Lengths and gaps are QUIC's: a length is one less than the packets in the range, a gap one less than the packets missing.
/// </summary>
internal ref struct PacketAckFrame
{
    /// <summary>The most ranges in one frame, written or read.</summary>
    public const int RangeCountMax = 32;

    private const byte EcnFlag = 0x01;
    private const int RangesOffset = 22;
    private const int RangeSize = 8;
    private const int EcnSize = 24;
    private const int CreditSize = 8;

    private ReadOnlySpan<byte> _ranges;
    private uint _firstRangeLength;

    /// <summary>The path whose packet numbers these are.</summary>
    public byte PathId;

    /// <summary>The low 32 bits of the largest packet number received.</summary>
    public uint LargestLow32;

    /// <summary>How long the largest was held before this was sent, in microseconds.</summary>
    public uint AckDelayUs;

    /// <summary>Whether <see cref="Ecn"/> was reported.</summary>
    public bool HasEcn;

    /// <summary>The path's ECN counts.</summary>
    public EcnCounts Ecn;

    /// <summary>The absolute limit on bytes charged to the connection, from its beginning.</summary>
    public ulong ConnectionCredit;

    /// <summary>Ranges in the frame, the first one included: 1 to <see cref="RangeCountMax"/>.</summary>
    public readonly int RangeCount => 1 + (_ranges.Length / RangeSize);

    /// <summary>Bytes of a frame of so many ranges, with its header.</summary>
    public static int GetWireLength(int rangeCount, bool hasEcn) =>
        RawFrame.HeaderSize + RangesOffset + ((rangeCount - 1) * RangeSize) + (hasEcn ? EcnSize : 0) + CreditSize;

    /// <summary>False: too short, of another stream, or with more ranges than <see cref="RangeCountMax"/>.</summary>
    public static bool TryRead(scoped in RawFrame raw, out PacketAckFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < RangesOffset || BinaryPrimitives.ReadUInt32BigEndian(payload) != StreamId.ConnectionControl)
        {
            return false;
        }

        int rangeCount = 1 + payload[13];
        frame.HasEcn = (raw.Flags & EcnFlag) != 0;
        if (rangeCount > RangeCountMax || payload.Length < GetWireLength(rangeCount, frame.HasEcn) - RawFrame.HeaderSize)
        {
            return false;
        }

        frame.LargestLow32 = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        frame.PathId = payload[12];
        frame.AckDelayUs = BinaryPrimitives.ReadUInt32BigEndian(payload[14..]);
        frame._firstRangeLength = BinaryPrimitives.ReadUInt32BigEndian(payload[18..]);
        frame._ranges = payload.Slice(RangesOffset, (rangeCount - 1) * RangeSize);
        payload = payload[(RangesOffset + frame._ranges.Length)..];
        if (frame.HasEcn)
        {
            frame.Ecn.Ect0 = BinaryPrimitives.ReadUInt64BigEndian(payload);
            frame.Ecn.Ect1 = BinaryPrimitives.ReadUInt64BigEndian(payload[8..]);
            frame.Ecn.Ce = BinaryPrimitives.ReadUInt64BigEndian(payload[16..]);
            payload = payload[EcnSize..];
        }

        frame.ConnectionCredit = BinaryPrimitives.ReadUInt64BigEndian(payload);
        return true;
    }

    /// <summary>
    /// The ranges as packet numbers, newest first. <paramref name="largest"/> is <see cref="LargestLow32"/> expanded to 64 bits;
    /// <paramref name="newestFirst"/> must have room for <see cref="RangeCount"/>. False: a range would go below packet number 0.
    /// </summary>
    public readonly bool TryExpandRanges(ulong largest, Span<PacketNumberRange> newestFirst, out int count)
    {
        count = 0;
        Debug.Assert(unchecked((uint)largest) == LargestLow32, "The expanded number has other low bits than the frame.");
        if (newestFirst.Length < RangeCount || _firstRangeLength > largest)
        {
            return false;
        }

        ulong first = largest - _firstRangeLength;
        newestFirst[0] = new PacketNumberRange(first, largest);
        for (int i = 1; i < RangeCount; i++)
        {
            ReadOnlySpan<byte> range = _ranges[((i - 1) * RangeSize)..];
            ulong gap = BinaryPrimitives.ReadUInt32BigEndian(range);
            ulong length = BinaryPrimitives.ReadUInt32BigEndian(range[4..]);

            // The gap says one less than the packets missing, and one more step leads from the last missing packet to the range.
            if (first < gap + 2 + length)
            {
                return false;
            }

            ulong last = first - gap - 2;
            first = last - length;
            newestFirst[i] = new PacketNumberRange(first, last);
        }

        count = RangeCount;
        return true;
    }

    /// <summary>
    /// Writes as many of the ranges as fit, at most <see cref="RangeCountMax"/>. They must be disjoint, not adjacent, newest first. A range
    /// or gap longer than 32 bits can say ends the list: what is left out counts as not acknowledged. False: not even one fits, or
    /// there is none, and nothing was written.
    /// </summary>
    public static bool TryWrite(
        ref FrameWriter writer,
        byte pathId,
        uint ackDelayUs,
        scoped ReadOnlySpan<PacketNumberRange> newestFirst,
        in EcnCounts ecn,
        bool hasEcn,
        ulong connectionCredit)
    {
        int rangeCount = CountWritable(newestFirst, writer.Remaining - GetWireLength(1, hasEcn));
        if (rangeCount == 0)
        {
            return false;
        }

        int payloadLength = GetWireLength(rangeCount, hasEcn) - RawFrame.HeaderSize;
        if (!writer.TryBegin(FrameType.DataAck, hasEcn ? EcnFlag : (byte)0, payloadLength, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, StreamId.ConnectionControl);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], unchecked((uint)newestFirst[0].Last));
        BinaryPrimitives.WriteUInt32BigEndian(payload[8..], 0);
        payload[12] = pathId;
        payload[13] = (byte)(rangeCount - 1);
        BinaryPrimitives.WriteUInt32BigEndian(payload[14..], ackDelayUs);
        BinaryPrimitives.WriteUInt32BigEndian(payload[18..], LengthOf(newestFirst[0]));
        payload = payload[RangesOffset..];
        for (int i = 1; i < rangeCount; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)(newestFirst[i - 1].First - newestFirst[i].Last - 2));
            BinaryPrimitives.WriteUInt32BigEndian(payload[4..], LengthOf(newestFirst[i]));
            payload = payload[RangeSize..];
        }

        if (hasEcn)
        {
            BinaryPrimitives.WriteUInt64BigEndian(payload, ecn.Ect0);
            BinaryPrimitives.WriteUInt64BigEndian(payload[8..], ecn.Ect1);
            BinaryPrimitives.WriteUInt64BigEndian(payload[16..], ecn.Ce);
            payload = payload[EcnSize..];
        }

        BinaryPrimitives.WriteUInt64BigEndian(payload, connectionCredit);
        return true;
    }

    /// <summary>How many of the ranges fit into <paramref name="room"/> bytes beyond a frame of one range.</summary>
    private static int CountWritable(ReadOnlySpan<PacketNumberRange> newestFirst, int room)
    {
        if (newestFirst.IsEmpty || room < 0)
        {
            return 0;
        }

        int limit = Math.Min(Math.Min(newestFirst.Length, RangeCountMax), 1 + (room / RangeSize));
        int count = 1;
        while (count < limit)
        {
            ulong distance = unchecked(newestFirst[count - 1].First - newestFirst[count].Last);
            Debug.Assert(distance is >= 2 and <= long.MaxValue, "The ranges are not newest first, or touch.");

            // A range that was cut short ends the list: the gap behind it would be counted from the wrong place.
            bool isCut = newestFirst[count - 1].Last - newestFirst[count - 1].First > uint.MaxValue;
            if (isCut || distance is < 2 or > uint.MaxValue + 2UL)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private static uint LengthOf(PacketNumberRange range) => (uint)Math.Min(range.Last - range.First, uint.MaxValue);
}
