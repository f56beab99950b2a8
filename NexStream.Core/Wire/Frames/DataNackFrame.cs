using System.Buffers.Binary;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         Stream Id (32)                        |
// +---------------------------------------------------------------+   once for each range, to the end of the payload:
// |                           Start (32)                          |
// +---------------------------------------------------------------+
// |                       End (32), exclusive                     |
// +---------------------------------------------------------------+

/// <summary>DATA_NACK: what is missing on a stream. A hint only. The ranges take the whole rest, so this frame has no room for extensions.</summary>
internal ref struct DataNackFrame
{
    /// <summary>The most ranges that are written into one frame.</summary>
    public const int RangeCountMax = 16;

    /// <summary>The most ranges that are read: the cost of a frame is bounded whatever a peer writes (CVE-2019-11478).</summary>
    public const int RangeCountReadMax = 64;

    private const int PrefixSize = 4;
    private const int RangeSize = 8;
    private const uint HalfSpace = 1u << 31;

    private ReadOnlySpan<byte> _ranges;

    /// <summary>The stream.</summary>
    public uint StreamId;

    /// <summary>How many ranges are named: 1 to <see cref="RangeCountReadMax"/>.</summary>
    public readonly int RangeCount => _ranges.Length / RangeSize;

    /// <summary>Bytes of a frame of so many ranges, with its header.</summary>
    public static int GetWireLength(int rangeCount) => RawFrame.HeaderSize + PrefixSize + (rangeCount * RangeSize);

    /// <summary>The <paramref name="index"/>-th range, from 0.</summary>
    public readonly NackRange GetRange(int index)
    {
        ReadOnlySpan<byte> range = _ranges.Slice(index * RangeSize, RangeSize);
        return new NackRange(BinaryPrimitives.ReadUInt32BigEndian(range), BinaryPrimitives.ReadUInt32BigEndian(range[4..]));
    }

    /// <summary>False: no whole number of ranges, none or too many, or ranges that are empty, reversed, overlapping or not in order.</summary>
    public static bool TryRead(scoped in RawFrame raw, out DataNackFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PrefixSize + RangeSize
            || payload.Length > PrefixSize + (RangeCountReadMax * RangeSize)
            || (payload.Length - PrefixSize) % RangeSize != 0)
        {
            return false;
        }

        frame.StreamId = BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame._ranges = payload[PrefixSize..];
        return frame.AreRangesInOrder();
    }

    /// <summary>
    /// Writes as many of the ranges as fit, at most <see cref="RangeCountMax"/>, from the front. They must be in order and disjoint.
    /// False: not even one fits, or there is none, and nothing was written.
    /// </summary>
    public static bool TryWrite(ref FrameWriter writer, uint streamId, scoped ReadOnlySpan<NackRange> ranges)
    {
        int room = writer.Remaining - RawFrame.HeaderSize - PrefixSize;
        int count = Math.Min(Math.Min(ranges.Length, RangeCountMax), room / RangeSize);
        if (count <= 0 || !writer.TryBegin(FrameType.DataNack, 0, PrefixSize + (count * RangeSize), out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, streamId);
        payload = payload[PrefixSize..];
        foreach (NackRange range in ranges[..count])
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload, range.Start);
            BinaryPrimitives.WriteUInt32BigEndian(payload[4..], range.End);
            payload = payload[RangeSize..];
        }

        return true;
    }

    /// <summary>Counted from the first start, every range begins at or behind the end of the one before, and all lie within half the number space.</summary>
    private readonly bool AreRangesInOrder()
    {
        uint origin = GetRange(0).Start;
        uint previousEnd = 0;
        for (int i = 0; i < RangeCount; i++)
        {
            NackRange range = GetRange(i);
            uint start = unchecked(range.Start - origin);
            uint end = unchecked(range.End - origin);
            if (start < previousEnd || end <= start || end >= HalfSpace)
            {
                return false;
            }

            previousEnd = end;
        }

        return true;
    }
}
