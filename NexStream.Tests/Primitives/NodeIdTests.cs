using CsCheck;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Primitives;

[TestFixture]
internal sealed class NodeIdTests
{
    [Test]
    public void Write_PutsHighestByteFirst()
    {
        Span<byte> bytes = stackalloc byte[NodeId.Size];
        new NodeId(0x0011223344556677, 0x8899AABBCCDDEEFF).Write(bytes);
        Assert.That(Convert.ToHexString(bytes), Is.EqualTo("00112233445566778899AABBCCDDEEFF"));
    }

    [Test]
    public void Read_OfWrittenId_IsTheSame() =>
        Gen.Select(Gen.ULong, Gen.ULong).Sample((high, low) =>
        {
            var bytes = new byte[NodeId.Size];
            var id = new NodeId(high, low);
            id.Write(bytes);
            return NodeId.Read(bytes) == id;
        });

    [Test]
    public void ToString_Is32HexDigits() =>
        Assert.That(new NodeId(1, 0xAB).ToString(), Is.EqualTo("000000000000000100000000000000ab"));
}
