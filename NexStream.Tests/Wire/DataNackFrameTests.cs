using System.Buffers.Binary;
using CsCheck;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

[TestFixture]
internal sealed class DataNackFrameTests
{
    [Test]
    public void DataNack_RoundTrips() => CodecAssert.ForEach(
        Gen.Select(Gen.UInt, WireGen.Missing),
        parts =>
        {
            (uint stream, NackRange[] ranges) = parts;
            CodecAssert.RoundTrip<DataNackFrame>(
                default,
                FrameType.DataNack,
                DataNackFrame.GetWireLength(ranges.Length),
                DataNackFrame.TryRead,
                (in _, ref writer) => WriteAll(ref writer, stream, ranges),
                (in decoded, in _) =>
                {
                    Assert.That(decoded.StreamId, Is.EqualTo(stream));
                    Assert.That(decoded.RangeCount, Is.EqualTo(ranges.Length));
                    for (int i = 0; i < ranges.Length; i++)
                    {
                        Assert.That(decoded.GetRange(i), Is.EqualTo(ranges[i]));
                    }
                },
                isOpenEnded: true);
        });

    [TestCase(8, 1)]
    [TestCase(15, 1)]
    [TestCase(16, 2)]
    [TestCase(8 * 16, 16)]
    [TestCase(8 * 20, 16)]
    public void DataNack_WithRoomForSome_WritesTheFirst(int room, int written)
    {
        NackRange[] ranges = Ascending(20);
        var bytes = new byte[DataNackFrame.GetWireLength(0) + room];
        var writer = new FrameWriter(bytes);
        Assert.That(DataNackFrame.TryWrite(ref writer, 1, ranges), Is.True);
        Assert.That(writer.Length, Is.EqualTo(DataNackFrame.GetWireLength(written)));
        var reader = new FrameReader(bytes.AsSpan(0, writer.Length));
        Assert.That(reader.TryRead(out RawFrame raw), Is.True);
        Assert.That(DataNackFrame.TryRead(raw, out DataNackFrame frame), Is.True);
        Assert.That(frame.RangeCount, Is.EqualTo(written));
        Assert.That(frame.GetRange(written - 1), Is.EqualTo(ranges[written - 1]));
    }

    [Test]
    public void DataNack_WithoutRanges_IsNotWritten()
    {
        var writer = new FrameWriter(new byte[100]);
        Assert.That(DataNackFrame.TryWrite(ref writer, 1, []), Is.False);
        Assert.That(writer.Length, Is.Zero);
    }

    [TestCase(0, false, TestName = "DataNack_Empty_IsRefused")]
    [TestCase(4, false, TestName = "DataNack_WithoutRange_IsRefused")]
    [TestCase(11, false, TestName = "DataNack_WithPartOfRange_IsRefused")]
    [TestCase(12, true, TestName = "DataNack_WithOneRange_IsRead")]
    [TestCase(19, false, TestName = "DataNack_WithPartOfSecondRange_IsRefused")]
    [TestCase(4 + (8 * 64), true, TestName = "DataNack_With64Ranges_IsRead")]
    [TestCase(4 + (8 * 65), false, TestName = "DataNack_With65Ranges_IsRefused")]
    public void DataNack_OfLength_IsReadOrRefused(int length, bool isReadable)
    {
        byte[] whole = Payload(Ascending(65));
        Assert.That(IsReadable(whole.AsSpan(0, length)), Is.EqualTo(isReadable));
    }

    [TestCase(5u, 6u, 6u, 7u, true, TestName = "DataNack_AdjacentRanges_AreRead")]
    [TestCase(5u, 5u, 6u, 7u, false, TestName = "DataNack_EmptyFirstRange_IsRefused")]
    [TestCase(5u, 6u, 7u, 7u, false, TestName = "DataNack_EmptySecondRange_IsRefused")]
    [TestCase(6u, 5u, 7u, 8u, false, TestName = "DataNack_ReversedFirstRange_IsRefused")]
    [TestCase(5u, 6u, 9u, 8u, false, TestName = "DataNack_ReversedSecondRange_IsRefused")]
    [TestCase(5u, 8u, 7u, 9u, false, TestName = "DataNack_OverlappingRanges_AreRefused")]
    [TestCase(7u, 9u, 3u, 5u, false, TestName = "DataNack_RangesOutOfOrder_AreRefused")]
    [TestCase(uint.MaxValue, 2u, 3u, 5u, true, TestName = "DataNack_RangesAroundTheWrap_AreRead")]
    [TestCase(0u, 1u, 2u, 0x7FFF_FFFFu, true, TestName = "DataNack_RangesWithinHalfTheSpace_AreRead")]
    [TestCase(0u, 1u, 2u, 0x8000_0000u, false, TestName = "DataNack_RangesBeyondHalfTheSpace_AreRefused")]
    public void DataNack_OfTwoRanges_IsReadOrRefused(uint start0, uint end0, uint start1, uint end1, bool isReadable) =>
        Assert.That(IsReadable(Payload([new NackRange(start0, end0), new NackRange(start1, end1)])), Is.EqualTo(isReadable));

    [Test]
    public void NackRange_AcrossTheWrap_CountsWhatIsMissing() => Assert.That(new NackRange(uint.MaxValue, 2).Count, Is.EqualTo(3));

    /// <summary>Writes only if all ranges fit, so that a shorter frame counts as one that does not fit.</summary>
    private static bool WriteAll(ref FrameWriter writer, uint stream, NackRange[] ranges) =>
        (writer.Remaining >= DataNackFrame.GetWireLength(ranges.Length) || writer.Remaining < DataNackFrame.GetWireLength(1))
        && DataNackFrame.TryWrite(ref writer, stream, ranges);

    private static bool IsReadable(ReadOnlySpan<byte> payload) =>
        DataNackFrame.TryRead(new RawFrame(FrameType.DataNack, 0, payload), out _);

    private static NackRange[] Ascending(int count)
    {
        var ranges = new NackRange[count];
        for (int i = 0; i < count; i++)
        {
            ranges[i] = new NackRange((uint)((i * 10) + 1), (uint)((i * 10) + 4));
        }

        return ranges;
    }

    private static byte[] Payload(NackRange[] ranges)
    {
        var payload = new byte[4 + (ranges.Length * 8)];
        for (int i = 0; i < ranges.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4 + (i * 8)), ranges[i].Start);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(8 + (i * 8)), ranges[i].End);
        }

        return payload;
    }
}
