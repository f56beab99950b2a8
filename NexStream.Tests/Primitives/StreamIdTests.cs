using CsCheck;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Primitives;

[TestFixture]
internal sealed class StreamIdTests
{
    // The ranges and parities of the seed's §3.2.
    [TestCase(0u, true, 0x0000_0001u)]
    [TestCase(1u, true, 0x0000_0003u)]
    [TestCase(StreamId.CountMax - 1, true, 0x7FFF_FFFDu)]
    [TestCase(0u, false, 0x8000_0000u)]
    [TestCase(1u, false, 0x8000_0002u)]
    [TestCase(StreamId.CountMax - 1, false, 0xFFFF_FFFCu)]
    public void FromOrdinal_OfEachSide_LiesInItsHalf(uint ordinal, bool client, uint id)
    {
        Assert.That(StreamId.FromOrdinal(ordinal, client), Is.EqualTo(id));
        Assert.That(StreamId.Ordinal(id), Is.EqualTo(ordinal));
        Assert.That(StreamId.IsClientInitiated(id), Is.EqualTo(client));
        Assert.That(StreamId.IsValid(id), Is.True);
    }

    [TestCase(StreamId.ConnectionControl)]
    [TestCase(StreamId.Reserved)]
    [TestCase(0x0000_0002u)]
    [TestCase(0x7FFF_FFFEu)]
    [TestCase(0x8000_0001u)]
    [TestCase(0xFFFF_FFFDu)]
    public void IsValid_OfReservedOrWrongParity_IsFalse(uint id) => Assert.That(StreamId.IsValid(id), Is.False);

    [TestCase(0x7FFF_FFFFu)]
    [TestCase(0xFFFF_FFFEu)]
    public void IsValid_OfLastIdOfEachHalf_IsTrue(uint id) => Assert.That(StreamId.IsValid(id), Is.True);

    [Test]
    public void Ordinal_OfAnyOrdinalsId_ComesBack() =>
        Gen.Select(Gen.UInt[0, StreamId.CountMax - 1], Gen.Bool).Sample((ordinal, client) =>
        {
            uint id = StreamId.FromOrdinal(ordinal, client);
            return StreamId.Ordinal(id) == ordinal && StreamId.IsValid(id) && StreamId.IsClientInitiated(id) == client;
        });
}
