using System.Buffers.Binary;
using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

/// <summary>DATA_ACK on stream 0: ranges as RFC 9000 §19.3.1 has them, capped, and never below packet number 0.</summary>
[TestFixture]
internal sealed class PacketAckFrameTests
{
    private const int MoreRangesOffset = 13;

    [Test]
    public void PacketAck_RoundTrips() => CodecAssert.ForEach(
        Gen.Select(Gen.Byte, Gen.UInt, WireGen.PacketNumbers, Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong), Gen.Bool, Gen.ULong),
        parts =>
        {
            (byte path, uint delay, PacketNumberRange[] ranges, (ulong, ulong, ulong) counts, bool hasEcn, ulong credit) = parts;
            EcnCounts ecn = hasEcn ? new EcnCounts { Ect0 = counts.Item1, Ect1 = counts.Item2, Ce = counts.Item3 } : default;
            CodecAssert.RoundTrip<PacketAckFrame>(
                default,
                FrameType.DataAck,
                PacketAckFrame.GetWireLength(ranges.Length, hasEcn),
                PacketAckFrame.TryRead,
                (in _, ref writer) => WriteAll(ref writer, path, delay, ranges, ecn, hasEcn, credit),
                (in decoded, in _) =>
                {
                    Assert.That(decoded.PathId, Is.EqualTo(path));
                    Assert.That(decoded.AckDelayUs, Is.EqualTo(delay));
                    Assert.That(decoded.HasEcn, Is.EqualTo(hasEcn));
                    Assert.That(decoded.Ecn, Is.EqualTo(ecn));
                    Assert.That(decoded.ConnectionCredit, Is.EqualTo(credit));
                    Assert.That(decoded.LargestLow32, Is.EqualTo(unchecked((uint)ranges[0].Last)));
                    Assert.That(decoded.RangeCount, Is.EqualTo(ranges.Length));
                    var expanded = new PacketNumberRange[PacketAckFrame.RangeCountMax];
                    Assert.That(decoded.TryExpandRanges(ranges[0].Last, expanded, out int count), Is.True);
                    Assert.That(expanded[..count], Is.EqualTo(ranges));
                });
        });

    [TestCase(0, 1)]
    [TestCase(7, 1)]
    [TestCase(8, 2)]
    [TestCase(8 * 31, 32)]
    [TestCase(8 * 40, 32)]
    public void PacketAck_WithRoomForSome_WritesTheNewest(int roomBeyondOne, int written)
    {
        PacketNumberRange[] ranges = Descending(40);
        var bytes = new byte[PacketAckFrame.GetWireLength(1, hasEcn: true) + roomBeyondOne];
        var writer = new FrameWriter(bytes);
        Assert.That(PacketAckFrame.TryWrite(ref writer, 0, 0, ranges, default, hasEcn: true, 1), Is.True);
        Assert.That(writer.Length, Is.EqualTo(PacketAckFrame.GetWireLength(written, hasEcn: true)));
        Assert.That(Expand(bytes, ranges[0].Last), Is.EqualTo(ranges[..written]));
    }

    [Test]
    public void PacketAck_WithoutRanges_IsNotWritten()
    {
        var writer = new FrameWriter(new byte[1000]);
        Assert.That(PacketAckFrame.TryWrite(ref writer, 0, 0, [], default, hasEcn: false, 1), Is.False);
        Assert.That(writer.Length, Is.Zero);
    }

    [Test]
    public void PacketAck_WithGapBeyond32Bits_EndsBeforeIt()
    {
        const ulong Far = 1UL << 40;
        const ulong LongestGap = uint.MaxValue + 2UL;
        const ulong Second = Far - LongestGap;
        PacketNumberRange[] ranges = [new(Far, Far + 4), new(Second, Second), new(5, Second - LongestGap - 1)];
        var bytes = new byte[1000];
        var writer = new FrameWriter(bytes);
        Assert.That(PacketAckFrame.TryWrite(ref writer, 0, 0, ranges, default, hasEcn: false, 1), Is.True);
        Assert.That(Expand(bytes.AsSpan(0, writer.Length), ranges[0].Last), Is.EqualTo(ranges[..2]));
    }

    [Test]
    public void PacketAck_WithRangeBeyond32Bits_AcknowledgesItsNewestPart()
    {
        const ulong Far = 1UL << 40;
        PacketNumberRange[] ranges = [new(100, Far), new(5, 6)];
        var bytes = new byte[1000];
        var writer = new FrameWriter(bytes);
        Assert.That(PacketAckFrame.TryWrite(ref writer, 0, 0, ranges, default, hasEcn: false, 1), Is.True);
        PacketNumberRange[] expected = [new(Far - uint.MaxValue, Far)];
        Assert.That(Expand(bytes.AsSpan(0, writer.Length), Far), Is.EqualTo(expected));
    }

    /// <summary>One number is missing between ranges, ranges are as long as 32 bits can say, and what was in the buffer before does not shine through.</summary>
    [Test]
    public void PacketAck_LongestRangesWithTheSmallestGap_AreWrittenWhole()
    {
        const ulong Far = 1UL << 40;
        const ulong SecondLast = Far - uint.MaxValue - 2;
        PacketNumberRange[] ranges = [new(Far - uint.MaxValue, Far), new(SecondLast - uint.MaxValue, SecondLast)];
        var bytes = new byte[1000];
        Array.Fill(bytes, (byte)0xAA);
        var writer = new FrameWriter(bytes);
        Assert.That(PacketAckFrame.TryWrite(ref writer, 0, 0, ranges, default, hasEcn: false, 1), Is.True);
        Assert.That(Expand(bytes.AsSpan(0, writer.Length), Far), Is.EqualTo(ranges));
        Assert.That(bytes.AsSpan(RawFrame.HeaderSize, 4).ToArray(), Is.All.Zero, "The stream is 0.");
        Assert.That(bytes.AsSpan(RawFrame.HeaderSize + 8, 4).ToArray(), Is.All.Zero, "So is the field for credit of a stream.");
    }

    [TestCase(31, true)]
    [TestCase(32, false)]
    [TestCase(255, false)]
    public void PacketAck_WithMoreRangesThanTheCap_IsRefused(byte moreRanges, bool isReadable)
    {
        var payload = new byte[4096];
        payload[MoreRangesOffset] = moreRanges;
        Assert.That(PacketAckFrame.TryRead(new RawFrame(FrameType.DataAck, 0, payload), out _), Is.EqualTo(isReadable));
    }

    [Test]
    public void PacketAck_OnAnotherStream_IsRefused()
    {
        var payload = new byte[100];
        Assert.That(PacketAckFrame.TryRead(new RawFrame(FrameType.DataAck, 0, payload), out _), Is.True);
        payload[3] = 1;
        Assert.That(PacketAckFrame.TryRead(new RawFrame(FrameType.DataAck, 0, payload), out _), Is.False);
    }

    // A range of packets 0 to 10 is as far down as an acknowledgement of 10 can go.
    [TestCase(10u, true)]
    [TestCase(11u, false)]
    [TestCase(uint.MaxValue, false)]
    public void TryExpandRanges_FirstRangeBelowZero_IsRefused(uint firstLength, bool isValid) =>
        Assert.That(CanExpand(largest: 10, firstLength), Is.EqualTo(isValid));

    // From first = 8: a gap of 0 leads to 6, so a length of 6 reaches 0; a gap of 6 leads to 0.
    [TestCase(0u, 6u, true)]
    [TestCase(0u, 7u, false)]
    [TestCase(6u, 0u, true)]
    [TestCase(6u, 1u, false)]
    [TestCase(7u, 0u, false)]
    [TestCase(uint.MaxValue, uint.MaxValue, false)]
    public void TryExpandRanges_LaterRangeBelowZero_IsRefused(uint gap, uint length, bool isValid) =>
        Assert.That(CanExpand(largest: 10, 2, (gap, length)), Is.EqualTo(isValid));

    [Test]
    public void TryExpandRanges_WhateverIsOnTheWire_GivesDisjointRangesOrNone() =>
        Gen.Select(Gen.ULong, Gen.UInt, Gen.Select(Gen.UInt, Gen.UInt).Array[0, PacketAckFrame.RangeCountMax - 1])
            .Sample((largest, firstLength, more) =>
            {
                byte[] payload = Payload(largest, firstLength, more);
                bool isRead = PacketAckFrame.TryRead(new RawFrame(FrameType.DataAck, 0, payload), out PacketAckFrame frame);
                var ranges = new PacketNumberRange[PacketAckFrame.RangeCountMax];
                if (!isRead || !frame.TryExpandRanges(largest, ranges, out int count))
                {
                    return isRead;
                }

                bool isOrdered = ranges[0].Last == largest && count == more.Length + 1;
                for (int i = 0; i < count; i++)
                {
                    isOrdered &= ranges[i].First <= ranges[i].Last && (i == 0 || ranges[i].Last + 1 < ranges[i - 1].First);
                }

                return isOrdered;
            });

    [Test]
    public void TryExpandRanges_WithoutRoom_IsRefused()
    {
        byte[] payload = Payload(100, 0, [(0, 0), (0, 0)]);
        Assert.That(PacketAckFrame.TryRead(new RawFrame(FrameType.DataAck, 0, payload), out PacketAckFrame frame), Is.True);
        Assert.That(frame.TryExpandRanges(100, new PacketNumberRange[2], out int count), Is.False);
        Assert.That(count, Is.Zero);
        Assert.That(frame.TryExpandRanges(100, new PacketNumberRange[3], out count), Is.True);
        Assert.That(count, Is.EqualTo(3));
    }

    [TestCase(new byte[0], 0u)]
    [TestCase(new byte[] { 0, 0, 1 }, 0u)]
    [TestCase(new byte[] { 0x80, 0, 0, 2 }, 0x8000_0002u)]
    public void StreamIdOf_OfAnyPayload_IsItsStreamOrZero(byte[] payload, uint stream) =>
        Assert.That(StreamDataAckFrame.StreamIdOf(new RawFrame(FrameType.DataAck, 0, payload)), Is.EqualTo(stream));

    /// <summary>Writes only if all ranges fit, so that a shorter frame counts as one that does not fit.</summary>
    private static bool WriteAll(
        ref FrameWriter writer, byte path, uint delay, PacketNumberRange[] ranges, in EcnCounts ecn, bool hasEcn, ulong credit) =>
        (writer.Remaining >= PacketAckFrame.GetWireLength(ranges.Length, hasEcn) || writer.Remaining < PacketAckFrame.GetWireLength(1, hasEcn))
        && PacketAckFrame.TryWrite(ref writer, path, delay, ranges, ecn, hasEcn, credit);

    private static PacketNumberRange[] Descending(int count)
    {
        var ranges = new PacketNumberRange[count];
        for (int i = 0; i < count; i++)
        {
            ulong last = 10_000UL - (ulong)(i * 10);
            ranges[i] = new PacketNumberRange(last - 3, last);
        }

        return ranges;
    }

    private static PacketNumberRange[] Expand(ReadOnlySpan<byte> frames, ulong largest)
    {
        var reader = new FrameReader(frames);
        Assert.That(reader.TryRead(out RawFrame raw), Is.True);
        Assert.That(PacketAckFrame.TryRead(raw, out PacketAckFrame frame), Is.True);
        var ranges = new PacketNumberRange[PacketAckFrame.RangeCountMax];
        Assert.That(frame.TryExpandRanges(largest, ranges, out int count), Is.True);
        return ranges[..count];
    }

    private static bool CanExpand(uint largest, uint firstLength, params (uint Gap, uint Length)[] more)
    {
        byte[] payload = Payload(largest, firstLength, more);
        Assert.That(PacketAckFrame.TryRead(new RawFrame(FrameType.DataAck, 0, payload), out PacketAckFrame frame), Is.True);
        return frame.TryExpandRanges(largest, new PacketNumberRange[PacketAckFrame.RangeCountMax], out _);
    }

    private static byte[] Payload(ulong largest, uint firstLength, (uint Gap, uint Length)[] more)
    {
        var payload = new byte[30 + (more.Length * 8)];
        BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4), unchecked((uint)largest));
        payload[MoreRangesOffset] = (byte)more.Length;
        BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(18), firstLength);
        for (int i = 0; i < more.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(22 + (i * 8)), more[i].Gap);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(26 + (i * 8)), more[i].Length);
        }

        return payload;
    }
}
