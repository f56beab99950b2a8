using CsCheck;
using NexStream.Core.Congestion;

namespace NexStream.Tests.Congestion;

[TestFixture]
public sealed class CubeRootTests
{
    // 6981463658331 is the cube root of 2^128 − 1, rounded down (computed).
    [TestCase("0", 0UL)]
    [TestCase("1", 1UL)]
    [TestCase("7", 1UL)]
    [TestCase("8", 2UL)]
    [TestCase("26", 2UL)]
    [TestCase("27", 3UL)]
    [TestCase("1000000000000000000000000000", 1_000_000_000UL)]
    [TestCase("999999999999999999999999999", 999_999_999UL)]
    [TestCase("340282366920938463463374607431768211455", 6_981_463_658_331UL)]
    public void Floor_KnownValue_IsTheRoot(string value, ulong root) =>
        Assert.That(CubeRoot.Floor(UInt128.Parse(value)), Is.EqualTo(root));

    [Test]
    public void Floor_AnyValue_IsTheLargestWhoseCubeFits() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Int[0, 127]).Sample((upper, lower, shift) =>
        {
            UInt128 value = new UInt128(upper, lower) >> shift;
            UInt128 root = CubeRoot.Floor(value);
            UInt128 next = root + 1;

            // (r + 1)³ may exceed 128 bits, so the comparison divides instead.
            return root * root * root <= value && value / next / next < next;
        });

    [Test]
    public void Floor_CubesAndTheirNeighbours_AreExact() =>
        Gen.ULong[2, 6_981_463_658_331].Sample(root =>
        {
            UInt128 cube = (UInt128)root * root * root;
            return CubeRoot.Floor(cube) == root && CubeRoot.Floor(cube - 1) == root - 1 && CubeRoot.Floor(cube + 1) == root;
        });
}
