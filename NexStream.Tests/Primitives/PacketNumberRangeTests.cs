using NexStream.Core.Primitives;

namespace NexStream.Tests.Primitives;

[TestFixture]
internal sealed class PacketNumberRangeTests
{
    [TestCase(9UL, false)]
    [TestCase(10UL, true)]
    [TestCase(15UL, true)]
    [TestCase(20UL, true)]
    [TestCase(21UL, false)]
    public void Contains_IncludesBothEnds(ulong packetNumber, bool isInside) =>
        Assert.That(new PacketNumberRange(10, 20).Contains(packetNumber), Is.EqualTo(isInside));
}
