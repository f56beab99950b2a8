using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

/// <summary>CONN_INIT, CONN_ACCEPT, CONN_RETRY and the parameters that they carry.</summary>
[TestFixture]
internal sealed class HandshakeFrameTests
{
    private const int PrefixLength = 30;
    private const ushort OtherVersion = 0x0702;

    [Test]
    public void ConnInit_OfThisVersion_RoundTrips() => CodecAssert.ForEach(
        Gen.Select(WireGen.Node, Gen.UInt, Gen.ULong, WireGen.Parameters, Gen.Byte.Array[0, ConnRetryFrame.CookieLengthMax]),
        parts =>
        {
            (NodeId node, uint streams, ulong data, TransportParameters parameters, byte[] cookie) = parts;
            var frame = new ConnInitFrame
            {
                Version = ProtocolVersion.Current,
                Node = node,
                MaxStreams = streams,
                MaxData = data,
                Parameters = parameters,
                Cookie = cookie,
            };
            CodecAssert.RoundTrip(
                frame, FrameType.ConnInit, frame.WireLength, ConnInitFrame.TryRead, (in f, ref writer) => f.TryWrite(ref writer), AssertSame);
        });

    [Test]
    public void ConnInit_OfAnotherVersion_NeedsThePrefixOnly()
    {
        var frame = new ConnInitFrame { Version = OtherVersion, Node = new NodeId(1, 2), MaxStreams = 3, MaxData = 4 };
        Assert.That(frame.WireLength, Is.EqualTo(RawFrame.HeaderSize + PrefixLength));
        CodecAssert.RoundTrip(
            frame, FrameType.ConnInit, frame.WireLength, ConnInitFrame.TryRead, (in f, ref writer) => f.TryWrite(ref writer), AssertSame);
    }

    [Test]
    public void ConnInit_WithCookieTooLong_IsNotWritten()
    {
        var frame = new ConnInitFrame { Version = ProtocolVersion.Current, Cookie = new byte[ConnRetryFrame.CookieLengthMax + 1] };
        var writer = new FrameWriter(new byte[1000]);
        Assert.That(frame.TryWrite(ref writer), Is.False);
        Assert.That(writer.Length, Is.Zero);
    }

    [Test]
    public void ConnAccept_OfThisVersion_RoundTrips() => CodecAssert.RoundTrips(
        Gen.Select(WireGen.Node, Gen.UInt, Gen.ULong, WireGen.Parameters, Gen.UInt, (node, streams, data, parameters, number) => new ConnAcceptFrame
        {
            Version = ProtocolVersion.Current,
            Node = node,
            MaxStreams = streams,
            MaxData = data,
            Parameters = parameters,
            InitPacketNumber = number,
        }),
        FrameType.ConnAccept,
        ConnAcceptFrame.WireSize,
        ConnAcceptFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void ConnAccept_OfAnotherVersion_NeedsThePrefixOnly() => CodecAssert.RoundTrips(
        Gen.Select(WireGen.Node, Gen.UInt, Gen.ULong, (node, streams, data) =>
            new ConnAcceptFrame { Version = OtherVersion, Node = node, MaxStreams = streams, MaxData = data }),
        FrameType.ConnAccept,
        RawFrame.HeaderSize + PrefixLength,
        ConnAcceptFrame.TryRead,
        (in frame, ref writer) => frame.TryWrite(ref writer));

    [Test]
    public void ConnRetry_RoundTrips() => CodecAssert.ForEach(
        Gen.Byte.Array[0, ConnRetryFrame.CookieLengthMax],
        cookie =>
        {
            var frame = new ConnRetryFrame { Cookie = cookie };
            CodecAssert.RoundTrip(
                frame,
                FrameType.ConnRetry,
                frame.WireLength,
                ConnRetryFrame.TryRead,
                (in f, ref writer) => f.TryWrite(ref writer),
                (in decoded, in original) => Assert.That(decoded.Cookie.SequenceEqual(original.Cookie), Is.True));
        });

    [Test]
    public void ConnRetry_WithCookieTooLong_IsRefused()
    {
        byte[] payload = [ConnRetryFrame.CookieLengthMax + 1, .. new byte[ConnRetryFrame.CookieLengthMax + 1]];
        Assert.That(ConnRetryFrame.TryRead(new RawFrame(FrameType.ConnRetry, 0, payload), out _), Is.False);

        var writer = new FrameWriter(new byte[1000]);
        Assert.That(new ConnRetryFrame { Cookie = payload.AsSpan(1) }.TryWrite(ref writer), Is.False);
        Assert.That(writer.Length, Is.Zero);
    }

    [TestCase(TestName = "Parameters_WithinTheirBounds_AreRead", ExpectedResult = true)]
    [TestCase(0UL, TestName = "Parameters_WithTagZero_AreRefused", ExpectedResult = false)]
    [TestCase(1UL, (byte)15, TestName = "Parameters_WithScale15_AreRefused", ExpectedResult = false)]
    [TestCase(1UL, (byte)0, 1199u, TestName = "Parameters_WithFrameLength1199_AreRefused", ExpectedResult = false)]
    public bool Parameters_OutOfRange_AreRefused(ulong tag = 1, byte scale = 14, uint frameLength = 1200)
    {
        var bytes = new byte[TransportParameters.Size];
        new TransportParameters { Tag = tag, WindowScale = scale, MaxFrameLength = frameLength }.Write(bytes);
        return TransportParameters.TryRead(bytes, out _);
    }

    private static void AssertSame(in ConnInitFrame decoded, in ConnInitFrame original)
    {
        Assert.That(decoded.Version, Is.EqualTo(original.Version));
        Assert.That(decoded.Node, Is.EqualTo(original.Node));
        Assert.That(decoded.MaxStreams, Is.EqualTo(original.MaxStreams));
        Assert.That(decoded.MaxData, Is.EqualTo(original.MaxData));
        Assert.That(decoded.Parameters, Is.EqualTo(original.Parameters));
        Assert.That(decoded.Cookie.SequenceEqual(original.Cookie), Is.True);
    }
}
