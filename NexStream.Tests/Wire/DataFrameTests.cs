using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

[TestFixture]
internal sealed class DataFrameTests
{
    private const byte Fin = 0x01;
    private const byte Sequence = 0x02;
    private const byte Grouped = 0x04;

    [TestCase(TransportMode.ReliableOrdered, false, 16)]
    [TestCase(TransportMode.ReliableUnordered, false, 24)]
    [TestCase(TransportMode.BestEffort, false, 8)]
    [TestCase(TransportMode.BestEffort, true, 16)]
    [TestCase(TransportMode.Probabilistic, false, 16)]
    public void Data_OfEachMode_RoundTrips(TransportMode mode, bool hasSequence, int wireLength)
    {
        bool hasPosition = mode != TransportMode.BestEffort || hasSequence;
        bool isFragment = mode == TransportMode.ReliableUnordered;
        CodecAssert.RoundTrips(
            Gen.Select(Gen.Bool, Gen.UInt, WireGen.Position, Gen.UInt[1, uint.MaxValue], Gen.UInt, (fin, stream, position, length, offset) => new DataFrame
            {
                Mode = mode,
                HasSequence = hasSequence,
                Fin = fin,
                StreamId = stream,
                Position = hasPosition ? position : 0,
                MessageLength = isFragment ? length : 0,
                FragmentOffset = isFragment ? offset % length : 0,
            }),
            FrameType.Data,
            wireLength,
            DataFrame.TryRead,
            (in frame, ref writer) => frame.TryWrite(ref writer));
        Assert.That(DataFrame.GetWireLength(mode, hasSequence), Is.EqualTo(wireLength));
        Assert.That(wireLength, Is.LessThanOrEqualTo(DataFrame.WireSizeMax));
    }

    [TestCase(0x00, TransportMode.ReliableOrdered)]
    [TestCase(0x40, TransportMode.ReliableUnordered)]
    [TestCase(0x80, TransportMode.BestEffort)]
    [TestCase(0xC0, TransportMode.Probabilistic)]
    public void Data_FlagBits7And6_NameTheMode(byte flags, TransportMode mode)
    {
        Assert.That(DataFrame.TryRead(new RawFrame(FrameType.Data, (byte)(flags | Fin), new byte[20]), out DataFrame frame), Is.True);
        Assert.That(frame.Mode, Is.EqualTo(mode));
        Assert.That(frame.Fin, Is.True);
    }

    [TestCase(0x00 | Sequence, false, TestName = "Data_OrderedWithSequenceFlag_IsRefused")]
    [TestCase(0x40 | Sequence, false, TestName = "Data_UnorderedWithSequenceFlag_IsRefused")]
    [TestCase(0x80 | Sequence, true, TestName = "Data_BestEffortWithSequenceFlag_IsRead")]
    [TestCase(0xC0 | Sequence, false, TestName = "Data_ProbabilisticWithSequenceFlag_IsRefused")]
    [TestCase(0x00 | Grouped, false, TestName = "Data_OrderedWithGroupedFlag_IsRefused")]
    [TestCase(0x40 | Grouped, false, TestName = "Data_UnorderedWithGroupedFlag_IsRefused")]
    [TestCase(0x80 | Grouped, false, TestName = "Data_BestEffortWithGroupedFlag_IsRefused")]
    [TestCase(0xC0 | Grouped, true, TestName = "Data_ProbabilisticWithGroupedFlag_IsRead")]
    [TestCase(0x08, false, TestName = "Data_WithReservedFlag3_IsRefused")]
    [TestCase(0x10, false, TestName = "Data_WithReservedFlag4_IsRefused")]
    [TestCase(0x20, false, TestName = "Data_WithReservedFlag5_IsRefused")]
    public void Data_WithFlags_IsReadOrRefused(byte flags, bool isReadable) =>
        Assert.That(DataFrame.TryRead(new RawFrame(FrameType.Data, flags, new byte[20]), out _), Is.EqualTo(isReadable));

    [Test]
    public void Data_Grouped_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(Gen.UInt, WireGen.Position, Gen.Byte[0, RepairFrame.GroupSizeMax - 1], (stream, position, index) => new DataFrame
        {
            Mode = TransportMode.Probabilistic,
            StreamId = stream,
            Position = Math.Max(position, index),
            IsGrouped = true,
            GroupIndex = index,
        }),
        FrameType.Data,
        DataFrame.GetWireLength(TransportMode.Probabilistic, hasSequence: false, isGrouped: true),
        DataFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [TestCase(5, 5, true)]
    [TestCase(5, 6, false, TestName = "Data_GroupThatBeginsBeforeTheFirstMessage_IsRefused")]
    [TestCase(100, 63, true)]
    [TestCase(100, 64, false, TestName = "Data_IndexPastTheLargestGroup_IsRefused")]
    public void Data_GroupIndex_IsReadOrRefused(byte position, byte index, bool isReadable)
    {
        byte[] payload = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, position, index, 0, 0, 0];
        Assert.That(DataFrame.TryRead(new RawFrame(FrameType.Data, 0xC0 | Grouped, payload), out _), Is.EqualTo(isReadable));
    }

    [TestCase(0x00)]
    [TestCase(0x40)]
    [TestCase(0x80 | Sequence)]
    [TestCase(0xC0)]
    public void Data_WithPositionPastTheLargest_IsRefused(byte flags)
    {
        byte[] payload = [0, 0, 0, 1, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.That(DataFrame.TryRead(new RawFrame(FrameType.Data, flags, payload), out DataFrame frame), Is.True);
        Assert.That(frame.Position, Is.EqualTo(WireLimits.PositionMax));
        payload[11] = 1;
        Assert.That(DataFrame.TryRead(new RawFrame(FrameType.Data, flags, payload), out _), Is.False);
    }

    [TestCase(0, 0, true)]
    [TestCase(1, 0, true)]
    [TestCase(2, 1, true)]
    [TestCase(1, 1, false)]
    [TestCase(0, 1, false)]
    [TestCase(4, 255, false)]
    public void Data_UnorderedFragmentPastItsMessage_IsRefused(byte messageLength, byte fragmentOffset, bool isReadable)
    {
        byte[] payload = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, messageLength, 0, 0, 0, fragmentOffset];
        Assert.That(DataFrame.TryRead(new RawFrame(FrameType.Data, 0x40, payload), out _), Is.EqualTo(isReadable));
    }

    [Test]
    public void Data_WithSequenceSetOnAnotherMode_WritesWhatCanBeRead()
    {
        var frame = new DataFrame { Mode = TransportMode.ReliableOrdered, HasSequence = true, StreamId = 1, Position = 5 };
        byte[] bytes = CodecAssert.Encode(frame, DataFrame.GetWireLength(frame.Mode, hasSequence: false), (in f, ref writer) => f.TryWrite(ref writer));
        var reader = new FrameReader(bytes);
        Assert.That(reader.TryRead(out RawFrame raw), Is.True);
        Assert.That(DataFrame.TryRead(raw, out DataFrame decoded), Is.True);
        Assert.That(decoded.HasSequence, Is.False);
        Assert.That(decoded.Position, Is.EqualTo(5));
    }
}
