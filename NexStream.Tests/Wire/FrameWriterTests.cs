using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

[TestFixture]
internal sealed class FrameWriterTests
{
    [Test]
    public void TryBegin_TwoFrames_LieBehindEachOther()
    {
        var bytes = new byte[12];
        var writer = new FrameWriter(bytes);
        Assert.That(writer.TryBegin(FrameType.Ping, 0x12, 2, out Span<byte> payload), Is.True);
        payload.Fill(0xAA);
        Assert.That(writer.Length, Is.EqualTo(6));
        Assert.That(writer.Remaining, Is.EqualTo(6));
        Assert.That(writer.TryBegin(FrameType.Pong, 0, 2, out payload), Is.True);
        payload.Fill(0xBB);
        Assert.That(writer.Remaining, Is.Zero);
        Assert.That(Convert.ToHexString(bytes), Is.EqualTo("30120002AAAA31000002BBBB"));
    }

    [TestCase(3, 0)]
    [TestCase(0, 0)]
    [TestCase(8, 5)]
    [TestCase(8, -1)]
    [TestCase(8, int.MaxValue)]
    public void TryBegin_WithoutRoom_WritesNothing(int room, int payloadLength)
    {
        var bytes = new byte[room];
        var writer = new FrameWriter(bytes);
        Assert.That(writer.TryBegin(FrameType.Ping, 0xFF, payloadLength, out Span<byte> payload), Is.False);
        Assert.That(payload.Length, Is.Zero);
        Assert.That(writer.Length, Is.Zero);
        Assert.That(bytes, Is.All.Zero);
    }

    [Test]
    public void TryBegin_BeyondTheLengthField_WritesNothing()
    {
        var writer = new FrameWriter(new byte[ushort.MaxValue + 100]);
        Assert.That(writer.TryBegin(FrameType.Ping, 0, ushort.MaxValue + 1, out _), Is.False);
        Assert.That(writer.Length, Is.Zero);
        Assert.That(writer.TryBegin(FrameType.Ping, 0, ushort.MaxValue, out Span<byte> payload), Is.True);
        Assert.That(payload.Length, Is.EqualTo(ushort.MaxValue));
    }
}
