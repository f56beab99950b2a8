using CsCheck;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Primitives;

[TestFixture]
internal sealed class SequenceNumberTests
{
    private const ulong Half = 1UL << 31;

    [TestCase(0u, 0UL, 0UL)]
    [TestCase(uint.MaxValue, 0UL, 0xFFFF_FFFFUL, TestName = "Expand_NothingBelowZero_StaysPositive")]
    [TestCase(0x8000_0000u, 0UL, 0x8000_0000UL)]
    [TestCase(0u, 0x7FFF_FFFFUL, 0UL)]
    [TestCase(0xFFFF_FFFFu, 0x8000_0000UL, 0xFFFF_FFFFUL)]
    [TestCase(0u, 0xFFFF_FFFFUL, 0x1_0000_0000UL, TestName = "Expand_JustPastTheWrap_IsInTheNextWindow")]
    [TestCase(0xFFFF_FFFFu, 0x1_0000_0000UL, 0xFFFF_FFFFUL, TestName = "Expand_JustBeforeTheWrap_IsInTheWindowBefore")]
    [TestCase(0u, 0x8000_0000UL, 0x1_0000_0000UL, TestName = "Expand_HalfBelow_IsTheLater")]
    [TestCase(0x8000_0000u, 0x1_0000_0000UL, 0x1_8000_0000UL, TestName = "Expand_HalfAbove_IsTheLater")]
    [TestCase(0x0000_0005u, 0x2_FFFF_FFF0UL, 0x3_0000_0005UL)]
    [TestCase(0xFFFF_FFF0u, 0x3_0000_0005UL, 0x2_FFFF_FFF0UL)]
    [TestCase(0u, 1UL << 62, 1UL << 62, TestName = "Expand_AtTheLargestPosition_IsThatPosition")]
    [TestCase(0xFFFF_FFFFu, 1UL << 62, (1UL << 62) - 1, TestName = "Expand_JustBelowTheLargestPosition_IsInTheWindowBefore")]
    public void Expand_NearBoundaries_IsClosestCandidate(uint truncated, ulong expected, ulong number) =>
        Assert.That(SequenceNumber.Expand(truncated, expected), Is.EqualTo(number));

    [Test]
    public void Expand_WithinHalfTheSpace_GivesNumberBack()
    {
        // Around every multiple of 2^31 and 2^32 for some way up, as well as anywhere.
        Gen<ulong> boundary = Gen.Select(Gen.ULong[0, 64], Gen.ULong[0, 8]).Select((multiple, above) => (multiple * Half) + above);
        Gen<ulong> anywhere = Gen.ULong[0, 1UL << 62];
        Gen.Select(Gen.OneOf(boundary, anywhere), Gen.Long[-(long)Half + 1, (long)Half - 1]).Sample((expected, offset) =>
        {
            ulong number = unchecked(expected + (ulong)offset);
            bool isBelowZero = offset < 0 && number > expected;
            return isBelowZero || SequenceNumber.Expand(unchecked((uint)number), expected) == number;
        });
    }

    [Test]
    public void Expand_OfAnyPosition_KeepsTheLowBits() =>
        Gen.Select(Gen.UInt, Gen.ULong[0, 1UL << 62]).Sample((truncated, expected) =>
            unchecked((uint)SequenceNumber.Expand(truncated, expected)) == truncated);
}
