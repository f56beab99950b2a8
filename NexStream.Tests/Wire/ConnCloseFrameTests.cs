using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

[TestFixture]
internal sealed class ConnCloseFrameTests
{
    private const byte VersionsFlag = 0x01;
    private const byte ReflectedFlag = 0x02;

    [Test]
    public void ConnClose_RoundTrips() => CodecAssert.ForEach(
        Gen.Select(WireGen.Reason, Gen.Bool, Gen.Byte.Array[0, 40], Gen.Byte.Array[0, 255]),
        parts =>
        {
            (ReasonCode reason, bool isReflected, byte[] phrase, byte[] versions) = parts;
            var frame = new ConnCloseFrame
            {
                Reason = reason,
                IsReflected = isReflected,
                ReasonPhrase = phrase,
                Versions = versions.AsSpan(0, versions.Length & ~1),
            };
            CodecAssert.RoundTrip(
                frame,
                FrameType.ConnClose,
                frame.WireLength,
                ConnCloseFrame.TryRead,
                (in f, ref writer) => f.TryWrite(ref writer),
                AssertSame,
                isOpenEnded: true);
        });

    [Test]
    public void ConnClose_WithVersions_ListsThem()
    {
        byte[] payload = [0, 0, 0, 9, (byte)'n', (byte)'o', 0, 1, 0x12, 0x34, 2];
        Assert.That(ConnCloseFrame.TryRead(new RawFrame(FrameType.ConnClose, VersionsFlag | ReflectedFlag, payload), out ConnCloseFrame frame), Is.True);
        Assert.That(frame.Reason, Is.EqualTo(ReasonCode.VersionUnknown));
        Assert.That(frame.IsReflected, Is.True);
        Assert.That(frame.ReasonPhrase.SequenceEqual("no"u8), Is.True);
        Assert.That(frame.VersionCount, Is.EqualTo(2));
        Assert.That(frame.GetVersion(0), Is.EqualTo(1));
        Assert.That(frame.GetVersion(1), Is.EqualTo(0x1234));
    }

    [TestCase(0, 0, false, TestName = "ConnClose_WithoutReason_IsRefused")]
    [TestCase(3, 0, false, TestName = "ConnClose_WithPartOfReason_IsRefused")]
    [TestCase(4, 0, true, TestName = "ConnClose_WithoutPhrase_IsRead")]
    [TestCase(4, VersionsFlag, false, TestName = "ConnClose_WithoutVersionCount_IsRefused")]
    [TestCase(5, VersionsFlag, true, TestName = "ConnClose_WithNoVersions_IsRead")]
    public void ConnClose_OfLength_IsReadOrRefused(int length, byte flags, bool isReadable) =>
        Assert.That(ConnCloseFrame.TryRead(new RawFrame(FrameType.ConnClose, flags, new byte[length]), out _), Is.EqualTo(isReadable));

    [Test]
    public void ConnClose_WithMoreVersionsThanBytes_IsRefused()
    {
        byte[] payload = [0, 0, 0, 9, 0, 1, 2, 2];
        Assert.That(ConnCloseFrame.TryRead(new RawFrame(FrameType.ConnClose, VersionsFlag, payload), out _), Is.False);
    }

    [Test]
    public void ConnClose_With256Versions_IsNotWritten()
    {
        var writer = new FrameWriter(new byte[1000]);
        Assert.That(new ConnCloseFrame { Versions = new byte[512] }.TryWrite(ref writer), Is.False);
        Assert.That(writer.Length, Is.Zero);
    }

    private static void AssertSame(in ConnCloseFrame decoded, in ConnCloseFrame original)
    {
        Assert.That(decoded.Reason, Is.EqualTo(original.Reason));
        Assert.That(decoded.IsReflected, Is.EqualTo(original.IsReflected));
        Assert.That(decoded.ReasonPhrase.SequenceEqual(original.ReasonPhrase), Is.True);
        Assert.That(decoded.Versions.SequenceEqual(original.Versions), Is.True);
    }
}
