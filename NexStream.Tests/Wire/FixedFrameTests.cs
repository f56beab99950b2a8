using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

/// <summary>Frames of a fixed length: they round-trip, do not write what does not fit, skip extensions and refuse to be cut.</summary>
[TestFixture]
internal sealed class FixedFrameTests
{
    [Test]
    public void ConnCloseAck_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Const(default(ConnCloseAckFrame)),
        FrameType.ConnCloseAck,
        ConnCloseAckFrame.WireSize,
        ConnCloseAckFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void MaxStreams_RoundTrips() => CodecAssert.RoundTrips(
        Gen.UInt.Select(limit => new MaxStreamsFrame { MaxStreams = limit }),
        FrameType.MaxStreams,
        MaxStreamsFrame.WireSize,
        MaxStreamsFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void PathOffer_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.Byte, WireGen.Tag, WireGen.Node, (path, tag, node) => new PathOfferFrame { PathId = path, Tag = tag, Node = node }),
        FrameType.PathOffer,
        PathOfferFrame.WireSize,
        PathOfferFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void PathClose_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Byte.Select(path => new PathCloseFrame { PathId = path }),
        FrameType.PathClose,
        PathCloseFrame.WireSize,
        PathCloseFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void PathOffer_WithTagZero_IsRefused() => Assert.That(IsReadable<PathOfferFrame>(FrameType.PathOffer, new byte[25], PathOfferFrame.TryRead), Is.False);

    [Test]
    public void StreamOpen_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, Gen.Enum<TransportMode>(), Gen.Byte[0, LinkHeader.PriorityMax], Gen.UInt, (stream, mode, priority, window) =>
            new StreamOpenFrame { StreamId = stream, Mode = mode, Priority = priority, InitialWindow = window }),
        FrameType.StreamOpen,
        StreamOpenFrame.WireSize,
        StreamOpenFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [TestCase(0, 0, false, TestName = "StreamOpen_WithModeZero_IsRefused")]
    [TestCase(5, 0, false, TestName = "StreamOpen_WithModeFive_IsRefused")]
    [TestCase(4, 15, true, TestName = "StreamOpen_WithHighestModeAndPriority_IsRead")]
    [TestCase(1, 16, false, TestName = "StreamOpen_WithPriority16_IsRefused")]
    public void StreamOpen_OutOfRange_IsRefused(byte mode, byte priority, bool isReadable)
    {
        byte[] payload = [0, 0, 0, 1, mode, priority, 0, 0, 0, 0];
        Assert.That(IsReadable<StreamOpenFrame>(FrameType.StreamOpen, payload, StreamOpenFrame.TryRead), Is.EqualTo(isReadable));
    }

    [Test]
    public void StreamAck_RoundTrips() => CodecAssert.RoundTrips(
        Gen.UInt.Select(stream => new StreamAckFrame { StreamId = stream }),
        FrameType.StreamAck,
        StreamAckFrame.WireSize,
        StreamAckFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void StreamClose_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, WireGen.Reason, WireGen.Position, (stream, reason, size) =>
            new StreamCloseFrame { StreamId = stream, Reason = reason, FinalSize = size }),
        FrameType.StreamClose,
        StreamCloseFrame.WireSize,
        StreamCloseFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void StreamClose_WithFinalSizePastTheLargest_IsRefused()
    {
        byte[] payload = [0, 0, 0, 1, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 1];
        Assert.That(IsReadable<StreamCloseFrame>(FrameType.StreamClose, payload, StreamCloseFrame.TryRead), Is.False);
    }

    [Test]
    public void StreamReset_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, WireGen.Reason, Gen.Enum<StreamResetDirection>(), WireGen.Position, WireGen.Position, (stream, error, direction, size, charge) =>
            new StreamResetFrame { StreamId = stream, Error = error, Direction = direction, FinalSize = size, FinalCharge = charge }),
        FrameType.StreamReset,
        StreamResetFrame.WireSize,
        StreamResetFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [TestCase(8, 0x02, TestName = "StreamReset_WithUnknownDirection_IsRefused")]
    [TestCase(9, 0x41, TestName = "StreamReset_WithFinalSizePastTheLargest_IsRefused")]
    [TestCase(17, 0x41, TestName = "StreamReset_WithFinalChargePastTheLargest_IsRefused")]
    public void StreamReset_OutOfRange_IsRefused(int offset, byte value)
    {
        var payload = new byte[25];
        Assert.That(IsReadable<StreamResetFrame>(FrameType.StreamReset, payload, StreamResetFrame.TryRead), Is.True);
        payload[offset] = value;
        Assert.That(IsReadable<StreamResetFrame>(FrameType.StreamReset, payload, StreamResetFrame.TryRead), Is.False);
    }

    [Test]
    public void StreamCloseAck_RoundTrips() => CodecAssert.RoundTrips(
        Gen.UInt.Select(stream => new StreamCloseAckFrame { StreamId = stream }),
        FrameType.StreamCloseAck,
        StreamCloseAckFrame.WireSize,
        StreamCloseAckFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void StreamDataAck_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt[1, uint.MaxValue], Gen.UInt, Gen.UInt, (stream, number, window) =>
            new StreamDataAckFrame { StreamId = stream, AckNumber = number, WindowUpdate = window }),
        FrameType.DataAck,
        StreamDataAckFrame.WireSize,
        StreamDataAckFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void StreamDataAck_OnStreamZero_IsRefused() =>
        Assert.That(IsReadable<StreamDataAckFrame>(FrameType.DataAck, new byte[12], StreamDataAckFrame.TryRead), Is.False);

    [Test]
    public void WindowUpdate_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, Gen.UInt, Gen.ULong, (stream, increment, limit) =>
            new WindowUpdateFrame { StreamId = stream, WindowIncrement = increment, Limit = limit }),
        FrameType.WindowUpdate,
        WindowUpdateFrame.WireSize,
        WindowUpdateFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void DataSkip_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, WireGen.Position, Gen.UInt, (stream, message, charge) =>
            new DataSkipFrame { StreamId = stream, Message = message, Charge = charge }),
        FrameType.DataSkip,
        DataSkipFrame.WireSize,
        DataSkipFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void DataSkip_WithMessagePastTheLargest_IsRefused()
    {
        byte[] payload = [0, 0, 0, 1, 0x40, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        Assert.That(IsReadable<DataSkipFrame>(FrameType.DataSkip, payload, DataSkipFrame.TryRead), Is.False);
    }

    [Test]
    public void ReceiverReport_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, Gen.ULong, Gen.ULong, Gen.ULong, Gen.UInt, Gen.UInt, (stream, received, lost, recovered, burst, interval) =>
            new ReceiverReportFrame
            {
                StreamId = stream,
                Received = received,
                Lost = lost,
                Recovered = recovered,
                BurstLengthMeanQ8 = burst,
                IntervalUs = interval,
            }),
        FrameType.ReceiverReport,
        ReceiverReportFrame.WireSize,
        ReceiverReportFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void Repair_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, Gen.ULong[0, WireLimits.PositionMax - RepairFrame.GroupSizeMax], Gen.Byte[1, 64], Gen.Byte[0, 63], Gen.UInt, (stream, first, size, row, parity) =>
            new RepairFrame { StreamId = stream, FirstMessage = first, GroupSize = size, Row = row, LengthParity = parity }),
        FrameType.Repair,
        RepairFrame.WireSize,
        RepairFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [TestCase(0, 1, 0, true)]
    [TestCase(0, 0, 0, false, TestName = "Repair_OfNoMessages_IsRefused")]
    [TestCase(0, 64, 63, true)]
    [TestCase(0, 65, 0, false, TestName = "Repair_OfTooManyMessages_IsRefused")]
    [TestCase(0, 1, 64, false, TestName = "Repair_OfARowThatThereIsNot_IsRefused")]
    [TestCase(0x40, 1, 0, false, TestName = "Repair_PastTheLargestMessage_IsRefused")]
    public void Repair_Fields_AreReadOrRefused(byte firstHigh, byte size, byte row, bool isReadable)
    {
        byte[] payload = [0, 0, 0, 1, firstHigh, 0, 0, 0, 0, 0, 0, 0, size, row, 0, 0, 0, 0, 0, 0];
        Assert.That(RepairFrame.TryRead(new RawFrame(FrameType.Repair, 0, payload), out _), Is.EqualTo(isReadable));
    }

    [Test]
    public void Ping_RoundTrips() => CodecAssert.RoundTrips(
        Gen.ULong.Select(id => new PingFrame { PingId = id }),
        FrameType.Ping,
        PingFrame.WireSize,
        PingFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void Pong_RoundTrips() => CodecAssert.RoundTrips(
        Gen.ULong.Select(id => new PongFrame { PingId = id }),
        FrameType.Pong,
        PongFrame.WireSize,
        PongFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void Congestion_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.ULong, Gen.ULong, (marks, bytes) => new CongestionFrame { EcnCeCount = marks, BytesInFlight = bytes }),
        FrameType.Congestion,
        CongestionFrame.WireSize,
        CongestionFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    private static bool IsReadable<TFrame>(FrameType type, byte[] payload, FrameDecoder<TFrame> decode) =>
        decode(new RawFrame(type, 0, payload), out _);
}
