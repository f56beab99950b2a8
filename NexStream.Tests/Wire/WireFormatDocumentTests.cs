using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

/// <summary>docs/wire-format.md says what the code does: every worked example in it decodes to its fields and encodes to its bytes.</summary>
[TestFixture]
internal sealed class WireFormatDocumentTests
{
    private static IEnumerable<WireExample> FrameExamples => WireDocument.Frames;

    [TestCaseSource(nameof(FrameExamples))]
    public void FrameExample_DecodesToItsFields_AndEncodesToItsBytes(WireExample example)
    {
        (string name, List<string> fields, byte[] encoded) = Decode(example.Bytes);
        Assert.That(name, Is.EqualTo(example.Kind));
        Assert.That(fields, Is.EqualTo(example.Fields));
        Assert.That(Convert.ToHexStringLower(encoded), Is.EqualTo(Convert.ToHexStringLower(example.Bytes)));
    }

    [Test]
    public void LinkHeaderExample_DecodesToItsFields_AndEncodesToItsBytes()
    {
        WireExample example = WireDocument.Single(WireDocument.LinkHeaderKind);
        Assert.That(DescribeLinkHeader(example.Bytes, out byte[] encoded), Is.EqualTo(example.Fields));
        Assert.That(encoded, Is.EqualTo(example.Bytes));
    }

    [Test]
    public void PacketHeaderExample_DecodesToItsFields_AndEncodesToItsBytes()
    {
        WireExample example = WireDocument.Single(WireDocument.PacketHeaderKind);
        Assert.That(DescribePacketHeader(example.Bytes, out byte[] encoded), Is.EqualTo(example.Fields));
        Assert.That(encoded, Is.EqualTo(example.Bytes));
    }

    [Test]
    public void WholeExample_DecodesToItsFields_AndEncodesToItsBytes()
    {
        WireExample example = WireDocument.Single(WireDocument.WholeKind);
        byte[] bytes = example.Bytes;
        List<string> fields = DescribeLinkHeader(bytes.AsSpan(0, LinkHeader.Size), out byte[] link);
        byte[] packet = bytes[LinkHeader.Size..];
        fields.AddRange(DescribePacketHeader(packet.AsSpan(0, PacketHeader.Size), out byte[] header));
        byte[] frames = packet[PacketHeader.Size..];
        List<byte> encoded = [.. link, .. header];
        while (frames.Length > 0)
        {
            (string name, List<string> frameFields, byte[] frame) = Decode(frames);
            fields.Add(name);
            fields.AddRange(frameFields);
            encoded.AddRange(frame);
            frames = frames[frame.Length..];
        }

        Assert.That(LinkHeader.TryRead(bytes, out LinkHeader linkHeader), Is.True);
        Assert.That(linkHeader.PayloadLength, Is.EqualTo(packet.Length));
        Assert.That(fields, Is.EqualTo(example.Fields));
        Assert.That(encoded, Is.EqualTo(bytes));
    }

    [Test]
    public void EveryFrameType_HasAnExampleAndARowInTheTable([Values] FrameType type)
    {
        string name = FrameCodecs.NameOf(type);
        Assert.That(WireDocument.Frames.Select(example => example.Kind), Does.Contain(name));
        Assert.That(WireDocument.Lines, Has.Some.StartsWith($"| `{name}` | `0x{(byte)type:x2}` |"));
    }

    [Test]
    public void EveryDataMode_HasAnExample([Values] TransportMode mode) =>
        Assert.That(WireDocument.Frames.SelectMany(example => example.Fields.Take(1)), Does.Contain($"mode = {FrameCodecs.NameOf(mode)}"));

    [Test]
    public void BothKindsOfDataAck_HaveAnExample()
    {
        IEnumerable<WireExample> acks = WireDocument.Frames.Where(example => example.Kind == "DATA_ACK");
        Assert.That(acks.Select(example => example.Fields[0] == "stream_id = 0x00000000"), Does.Contain(true).And.Contain(false));
    }

    [Test]
    public void EveryReasonCode_HasARowInTheTable([Values] ReasonCode code)
    {
        string row = code == ReasonCode.ApplicationBase ? "| `0x100` and above | |" : $"| `0x{(uint)code:x2}` | {code} |";
        Assert.That(WireDocument.Lines, Has.Some.StartsWith(row));
    }

    /// <summary>The first frame of <paramref name="bytes"/>, its fields, and its encoding; a DATA frame takes all that follows.</summary>
    private static (string Name, List<string> Fields, byte[] Encoded) Decode(byte[] bytes)
    {
        var reader = new FrameReader(bytes);
        Assert.That(reader.TryRead(out RawFrame raw), Is.True);
        var fields = new List<string>();
        var encoded = new byte[bytes.Length];
        var writer = new FrameWriter(encoded);
        Assert.That(FrameCodecs.TryRecode(raw, fields, ref writer), Is.True);
        int length = writer.Length;
        if (raw.Type is FrameType.Data or FrameType.Repair)
        {
            fields.Add($"payload = {FrameCodecs.Hex(reader.Remaining)}");
            reader.Remaining.CopyTo(encoded.AsSpan(length));
            length += reader.Remaining.Length;
        }

        return (FrameCodecs.NameOf(raw.Type), fields, encoded[..length]);
    }

    private static List<string> DescribeLinkHeader(ReadOnlySpan<byte> bytes, out byte[] encoded)
    {
        Assert.That(LinkHeader.TryRead(bytes, out LinkHeader header), Is.True);
        encoded = new byte[LinkHeader.Size];
        header.Write(encoded);
        return
        [
            $"priority = {header.Priority}",
            $"ecn = {(byte)header.Ecn}",
            $"frame_type = 0x{(ushort)header.FrameType:x4}",
            $"payload_length = {header.PayloadLength}",
            $"stream_id = 0x{header.StreamId:x8}",
            $"checksum = 0x{header.Checksum:x8}",
            $"source = {header.Source}",
            $"destination = {header.Destination}",
        ];
    }

    private static List<string> DescribePacketHeader(ReadOnlySpan<byte> bytes, out byte[] encoded)
    {
        Assert.That(PacketHeader.TryRead(bytes, out PacketHeader header), Is.True);
        encoded = new byte[PacketHeader.Size];
        header.Write(encoded);
        return [$"tag = 0x{header.Tag:x16}", $"path_id = {header.PathId}", $"packet_number = {header.PacketNumber}"];
    }
}
