using System.Buffers.Binary;
using System.Xml.Linq;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Wire;

namespace NexStream.Tests.Wireshark;

/// <summary>tools/wireshark/nexstream.lua reads what our own decoder reads, and refuses what it refuses.</summary>
[TestFixture, NonParallelizable]
[Category("Slow")]
internal sealed class DissectorTests
{
    private static readonly string s_capture = Path.Combine(Path.GetTempPath(), $"nexstream-dissector-{Environment.ProcessId}.pcap");

    [OneTimeSetUp]
    public void Require() => Tshark.Require();

    [TearDown]
    public void Remove() => File.Delete(s_capture);

    [Test]
    public void WorkedExamples_OfEveryFrame_HaveTheirFields()
    {
        WireExample[] examples = [.. WireDocument.Frames];
        PcapFile.Write(s_capture, examples.Select(example => Datagram(example.Bytes)));
        IReadOnlyList<DissectedDatagram> dissected = Tshark.Dissect(s_capture);
        Assert.That(dissected, Has.Count.EqualTo(examples.Length));
        foreach ((WireExample example, DissectedDatagram datagram) in examples.Zip(dissected))
        {
            Assert.That(datagram.Malformed, Is.Empty, example.ToString());
            XElement frame = datagram.Frames.Single();
            string? payload = example.Fields.FirstOrDefault(field => field.StartsWith("payload = ", StringComparison.Ordinal));
            DissectedDatagram.AssertSame(frame, example.Kind, example.Fields, example.ToString());
            Assert.That(payload is null || DissectedDatagram.Own(frame, "payload") is not null, Is.True, example.ToString());
        }
    }

    [Test]
    public void WholeExample_HasItsHeaders()
    {
        WireExample example = WireDocument.Single(WireDocument.WholeKind);
        PcapFile.Write(s_capture, [example.Bytes]);
        DissectedDatagram datagram = Tshark.Dissect(s_capture).Single();
        Assert.That(datagram.Malformed, Is.Empty);
        Assert.That(datagram.Show("link.priority"), Is.EqualTo("8"));
        Assert.That(datagram.Show("link.ecn"), Is.EqualTo("2"));
        Assert.That(datagram.Show("link.stream_id"), Is.EqualTo("0x00000001"));
        Assert.That(datagram.Show("link.checksum"), Is.EqualTo("0x689940a8"));
        Assert.That(datagram.Show("packet.tag"), Is.EqualTo("0x13579bdf02400003"));
        Assert.That(datagram.Show("packet.number"), Is.EqualTo("42"));
        Assert.That(datagram.Frames, Has.Count.EqualTo(2));
    }

    [Test]
    public void WholeExample_WithAnyByteOfItsPacketChanged_IsMarked()
    {
        byte[] whole = WireDocument.Single(WireDocument.WholeKind).Bytes;
        byte[][] changed = [.. Enumerable.Range(LinkHeader.Size, whole.Length - LinkHeader.Size).Select(at => Changed(whole, at, 0x10))];
        PcapFile.Write(s_capture, [whole, .. changed]);
        IReadOnlyList<DissectedDatagram> dissected = Tshark.Dissect(s_capture);
        Assert.That(dissected[0].Malformed, Is.Empty);
        Assert.That(dissected.Skip(1).Select(datagram => datagram.Malformed.Count), Is.All.GreaterThan(0));
    }

    [Test]
    public void WholeExample_WithoutItsEnd_IsMarked()
    {
        byte[] whole = WireDocument.Single(WireDocument.WholeKind).Bytes;
        PcapFile.Write(s_capture, [whole, .. Enumerable.Range(1, whole.Length - 1).Select(length => whole[..length])]);
        IReadOnlyList<DissectedDatagram> dissected = Tshark.Dissect(s_capture);
        Assert.That(dissected.Select(datagram => datagram.IsNexStream), Is.All.True, "the same two sockets");
        Assert.That(dissected.Skip(1).Select(datagram => datagram.Malformed.Count), Is.All.GreaterThan(0));
    }

    [Test]
    public void Frames_WithAByteChanged_AreMarkedWhereOurDecoderRefusesThem()
    {
        // No checksum, so that what is marked is what cannot be decoded.
        byte[][] frames = [.. from example in WireDocument.Frames
                              from at in Enumerable.Range(0, example.Bytes.Length)
                              from mask in new byte[] { 0x01, 0x80, 0xff }
                              select Changed(example.Bytes, at, mask)];
        PcapFile.Write(s_capture, frames.Select(frame => Datagram(frame)));
        IReadOnlyList<DissectedDatagram> dissected = Tshark.Dissect(s_capture);
        Assert.That(dissected, Has.Count.EqualTo(frames.Length));
        bool[] refused = [.. frames.Select(frame => !CanRead(frame))];
        Assert.That(refused, Does.Contain(true).And.Contain(false));
        Assert.Multiple(() =>
        {
            for (int i = 0; i < frames.Length; i++)
            {
                Assert.That(dissected[i].Malformed.Count > 0, Is.EqualTo(refused[i]), $"{Convert.ToHexStringLower(frames[i])}: {string.Join("; ", dissected[i].Malformed)}");
            }
        });
    }

    [Test]
    public void Datagrams_OfOtherProtocols_AreLeftAlone()
    {
        byte[] zeros = new byte[200];
        byte[] noise = new byte[200];
        new Random(1).NextBytes(noise);
        PcapFile.Write(s_capture, [zeros, noise]);
        Assert.That(Tshark.Dissect(s_capture).Select(datagram => datagram.IsNexStream), Is.All.False);
    }

    private static byte[] Changed(byte[] bytes, int at, byte mask)
    {
        byte[] changed = [.. bytes];
        changed[at] ^= mask;
        return changed;
    }

    private static bool CanRead(byte[] bytes)
    {
        var reader = new FrameReader(bytes);
        var scratch = new byte[2 * bytes.Length];
        while (reader.TryRead(out RawFrame frame))
        {
            if (frame.Type == FrameType.DataAck && PacketAckFrame.TryRead(frame, out PacketAckFrame ack))
            {
                // A dissector knows the lower half of the number only: it gives the benefit of the doubt.
                if (!ack.TryExpandRanges((1UL << 32) + ack.LargestLow32, new PacketNumberRange[PacketAckFrame.RangeCountMax], out _))
                {
                    return false;
                }

                continue;
            }

            var writer = new FrameWriter(scratch);
            if (!Enum.IsDefined(frame.Type) || !FrameCodecs.TryRecode(frame, [], ref writer))
            {
                return false;
            }
        }

        return !reader.IsMalformed;
    }

    /// <summary>The datagram that carries a packet of one frame.</summary>
    private static byte[] Datagram(byte[] frame)
    {
        byte[] datagram = new byte[LinkHeader.Size + PacketHeader.Size + frame.Length];
        new LinkHeader
        {
            FrameType = (FrameType)frame[0] is FrameType.Data or FrameType.Repair ? LinkFrameType.StreamData : LinkFrameType.StreamControl,
            PayloadLength = (uint)(PacketHeader.Size + frame.Length),
            StreamId = (FrameType)frame[0] is FrameType.Data && frame.Length > 8 ? BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)) : 0,
            Source = new NodeId(1, 1),
            Destination = new NodeId(2, 2),
        }.Write(datagram);
        new PacketHeader { Tag = 7, PacketNumber = 1 }.Write(datagram.AsSpan(LinkHeader.Size));
        frame.CopyTo(datagram.AsSpan(LinkHeader.Size + PacketHeader.Size));
        return datagram;
    }
}
