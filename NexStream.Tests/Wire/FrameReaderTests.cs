using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

[TestFixture]
internal sealed class FrameReaderTests
{
    [Test]
    public void TryRead_SeveralFrames_ReturnsEachInOrder()
    {
        var reader = new FrameReader([0x30, 0x80, 0, 2, 7, 8, 0x04, 0, 0, 0, 0x06, 1, 0, 1, 9]);
        Assert.That(reader.TryRead(out RawFrame frame), Is.True);
        Assert.That(frame.Type, Is.EqualTo(FrameType.Ping));
        Assert.That(frame.Flags, Is.EqualTo(0x80));
        Assert.That(frame.Payload.ToArray(), Is.EqualTo(new byte[] { 7, 8 }));
        Assert.That(reader.TryRead(out frame), Is.True);
        Assert.That(frame.Type, Is.EqualTo(FrameType.ConnCloseAck));
        Assert.That(frame.Payload.Length, Is.Zero);
        Assert.That(reader.TryRead(out frame), Is.True);
        Assert.That(frame.Type, Is.EqualTo(FrameType.MaxStreams));
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.False);
    }

    [Test]
    public void TryRead_AfterData_StopsAndLeavesThePayload()
    {
        // The payload looks like a frame, and must not be taken for one.
        var reader = new FrameReader([0x08, 0x80, 0, 4, 0, 0, 0, 1, 0x30, 0, 0, 0]);
        Assert.That(reader.TryRead(out RawFrame frame), Is.True);
        Assert.That(frame.Type, Is.EqualTo(FrameType.Data));
        Assert.That(frame.Payload.Length, Is.EqualTo(4));
        Assert.That(reader.Remaining.ToArray(), Is.EqualTo(new byte[] { 0x30, 0, 0, 0 }));
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.False);
    }

    [TestCase(new byte[] { 0x08, 0x80, 0, 4, 0, 0, 0, 1, 7 }, FrameType.Data, true)]
    [TestCase(new byte[] { 0x30, 0, 0, 0 }, FrameType.Data, false)]
    public void IsAtData_TheNextFrame_IsToldBeforeItIsRead(byte[] frames, FrameType type, bool isData)
    {
        var reader = new FrameReader(frames);
        Assert.That(reader.IsAtData, Is.EqualTo(isData));
        reader.TryRead(out RawFrame frame);
        Assert.That(frame.Type == type, Is.EqualTo(isData));
        Assert.That(reader.IsAtData, Is.False, "What lies behind it is payload, or nothing.");
    }

    [Test]
    public void IsAtData_PayloadThatLooksLikeData_IsNone()
    {
        var reader = new FrameReader([0x08, 0x80, 0, 4, 0, 0, 0, 1, 0x08, 0x80, 0, 4, 0, 0, 0, 1]);
        Assert.That(reader.TryRead(out _), Is.True);
        Assert.That(reader.IsAtData, Is.False);
    }

    [Test]
    public void IsAtRepair_EachOfBoth_IsTold([Values(FrameType.Data, FrameType.Repair)] FrameType type)
    {
        var reader = new FrameReader([(byte)type, 0, 0, 0]);
        Assert.That(reader.IsAtData, Is.True);
        Assert.That(reader.IsAtRepair, Is.EqualTo(type == FrameType.Repair));
    }

    [Test]
    public void TryRead_UnknownType_ReturnsIt()
    {
        var reader = new FrameReader([0xFE, 3, 0, 1, 5]);
        Assert.That(reader.TryRead(out RawFrame frame), Is.True);
        Assert.That((byte)frame.Type, Is.EqualTo(0xFE));
        Assert.That(Enum.IsDefined(frame.Type), Is.False);
        Assert.That(frame.Payload.ToArray(), Is.EqualTo(new byte[] { 5 }));
    }

    [Test]
    public void TryRead_NoFrames_IsMalformed()
    {
        var reader = new FrameReader([]);
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.True);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(11)]
    public void TryRead_CutFrame_IsMalformedForGood(int length)
    {
        byte[] ping = [0x30, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
        byte[] packet = [0x04, 0, 0, 0, .. ping[..length]];
        var reader = new FrameReader(packet);
        Assert.That(reader.TryRead(out _), Is.True);
        Assert.That(reader.TryRead(out RawFrame frame), Is.False);
        Assert.That(frame.Payload.Length, Is.Zero);
        Assert.That(reader.IsMalformed, Is.True);
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.True);
    }

    [Test]
    public void TryRead_LongestLengthBeyondTheEnd_IsMalformed()
    {
        var reader = new FrameReader([0x30, 0, 0xFF, 0xFF, 1]);
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.True);
    }
}
