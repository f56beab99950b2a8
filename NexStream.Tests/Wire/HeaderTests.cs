using CsCheck;
using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

/// <summary>The NexLink header and the packet header.</summary>
[TestFixture]
internal sealed class HeaderTests
{
    [Test]
    public void PacketHeader_RoundTrips() => Gen.Select(Gen.ULong, Gen.Byte, Gen.UInt).Sample((tag, path, number) =>
    {
        var bytes = new byte[PacketHeader.Size];
        var header = new PacketHeader { Tag = tag, PathId = path, PacketNumber = number };
        header.Write(bytes);
        return PacketHeader.TryRead(bytes, out PacketHeader decoded) && decoded.Equals(header);
    });

    [Test]
    public void PacketHeader_CutAtEveryByte_IsRefused([Range(0, PacketHeader.Size - 1)] int length) =>
        Assert.That(PacketHeader.TryRead(new byte[length], out _), Is.False);

    [Test]
    public void PacketHeader_AskingForAnAcknowledgement_IsRead()
    {
        var bytes = new byte[PacketHeader.Size];
        new PacketHeader { Tag = 1, Flags = PacketHeader.AckNow }.Write(bytes);
        Assert.That(PacketHeader.TryRead(bytes, out PacketHeader header), Is.True);
        Assert.That(header.Flags, Is.EqualTo(PacketHeader.AckNow));
    }

    [Test]
    public void PacketHeader_WithAnUnknownFlag_IsRefused([Values(0x02, 0x80, 0xFF)] byte flags)
    {
        var bytes = new byte[PacketHeader.Size];
        new PacketHeader { Tag = 1, Flags = flags }.Write(bytes);
        Assert.That(PacketHeader.TryRead(bytes, out _), Is.False);
    }

    [Test]
    public void PacketHeader_ReservedField_IsWrittenZeroAndIgnored()
    {
        var bytes = new byte[PacketHeader.Size];
        Array.Fill(bytes, (byte)0xFF);
        var header = new PacketHeader { Tag = 1, PathId = 2, PacketNumber = 3 };
        header.Write(bytes);
        Assert.That(bytes[10..12], Is.All.Zero);
        bytes[10] = 0x55;
        bytes[11] = 0xAA;
        Assert.That(PacketHeader.TryRead(bytes, out PacketHeader decoded), Is.True);
        Assert.That(decoded, Is.EqualTo(header));
    }

    [Test]
    public void LinkHeader_RoundTrips() =>
        Gen.Select(
            Gen.Select(Gen.Byte[0, LinkHeader.PriorityMax], Gen.Enum<EcnCodepoint>(), Gen.UShort),
            Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt),
            WireGen.Node,
            WireGen.Node).Sample((kind, numbers, source, destination) =>
            {
                var bytes = new byte[LinkHeader.Size];
                var header = new LinkHeader
                {
                    Priority = kind.Item1,
                    Ecn = kind.Item2,
                    FrameType = (LinkFrameType)kind.Item3,
                    PayloadLength = numbers.Item1,
                    StreamId = numbers.Item2,
                    Checksum = numbers.Item3,
                    Source = source,
                    Destination = destination,
                };
                header.Write(bytes);
                return LinkHeader.TryRead(bytes, out LinkHeader decoded) && decoded.Equals(header);
            });

    [Test]
    public void LinkHeader_CutAtEveryByte_IsRefused([Range(0, LinkHeader.Size - 1)] int length)
    {
        var bytes = new byte[LinkHeader.Size];
        default(LinkHeader).Write(bytes);
        Assert.That(LinkHeader.TryRead(bytes.AsSpan(0, length), out _), Is.False);
    }

    [TestCase(0x00)]
    [TestCase(0x20)]
    [TestCase(0xF0)]
    public void LinkHeader_OfAnotherVersion_IsRefused(byte first)
    {
        var bytes = new byte[LinkHeader.Size];
        bytes[0] = first;
        Assert.That(LinkHeader.TryRead(bytes, out _), Is.False);
    }
}
