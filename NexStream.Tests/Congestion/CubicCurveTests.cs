using CsCheck;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

[TestFixture]
public sealed class CubicCurveTests
{
    // One packet is a million bytes, so that bytes show six decimals of a packet.
    private const int FrameLength = 1_000_000;

    // RFC 9438 §4.2. W_max 2304: figures of a test of s2n-quic; W_max 100: computed.
    [TestCase(2304, 12.0)]
    [TestCase(100, 4.217163)]
    public void TimeToPlateau_AfterReduction_GivesPublishedFigures(long plateau, double seconds)
    {
        long plateauBytes = plateau * FrameLength;
        long k = CubicCurve.TimeToPlateauNs(plateauBytes, plateauBytes * 7 / 10, FrameLength);

        Assert.That(k / (double)Instant.Second, Is.EqualTo(seconds).Within(1e-6));
    }

    [TestCase(2304, 0, 1612.8)]
    [TestCase(2304, 10, 2300.8)]
    [TestCase(2304, 12, 2304.0)]
    [TestCase(2304, 15, 2314.8)]
    [TestCase(100, 0, 70)]
    [TestCase(100, 1, 86.6808)]
    [TestCase(100, 2, 95.6403)]
    [TestCase(100, 5, 100.1919)]
    public void WindowAt_AfterReduction_GivesPublishedFigures(long plateau, long seconds, double packets)
    {
        long plateauBytes = plateau * FrameLength;
        long k = CubicCurve.TimeToPlateauNs(plateauBytes, plateauBytes * 7 / 10, FrameLength);
        long window = CubicCurve.WindowAt(seconds * Instant.Second, k, plateauBytes, FrameLength);

        Assert.That(window / (double)FrameLength, Is.EqualTo(packets).Within(1e-4));
    }

    [TestCase(100, 100)]
    [TestCase(100, 200)]
    public void TimeToPlateau_AlreadyThere_IsZero(long plateau, long window) =>
        Assert.That(CubicCurve.TimeToPlateauNs(plateau, window, FrameLength), Is.Zero);

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(1200)]
    [TestCase(int.MaxValue)]
    public void Curve_ExtremeValues_DoesNotOverflow(int frameLength)
    {
        long k = CubicCurve.TimeToPlateauNs(CubicCurve.WindowLimit, 0, frameLength);

        Assert.Multiple(() =>
        {
            Assert.That(k, Is.Positive);
            Assert.That(CubicCurve.WindowAt(long.MaxValue, 0, CubicCurve.WindowLimit, frameLength), Is.EqualTo(CubicCurve.WindowLimit));
            Assert.That(CubicCurve.WindowAt(0, long.MaxValue, 0, frameLength), Is.Zero);
            Assert.That(CubicCurve.WindowAt(long.MaxValue, 0, 0, frameLength), Is.Positive);
            Assert.That(CubicCurve.TimeToPlateauNs(long.MaxValue, 0, frameLength), Is.EqualTo(k), "the limit bounds the distance");
        });
    }

    [Test]
    public void WindowAt_MoreTime_NeverGivesLess() =>
        Gen.Select(Gen.Long[0, CubicCurve.WindowLimit], Gen.Long[0, 100 * Instant.Second], Gen.Long[0, 100 * Instant.Second], Gen.Int[64, 65_536])
            .Sample((plateau, a, b, frameLength) =>
            {
                long k = CubicCurve.TimeToPlateauNs(plateau, plateau * 7 / 10, frameLength);
                return CubicCurve.WindowAt(Math.Min(a, b), k, plateau, frameLength) <= CubicCurve.WindowAt(Math.Max(a, b), k, plateau, frameLength);
            });

    [Test]
    public void WindowAt_StartAndPlateau_AreReached() =>
        Gen.Select(Gen.Long[10_000, 1L << 36], Gen.Int[64, 65_536]).Sample((plateau, frameLength) =>
        {
            long start = plateau * 7 / 10;
            long k = CubicCurve.TimeToPlateauNs(plateau, start, frameLength);

            // K is rounded to a nanosecond, the window to a byte: the curve starts where the window was, to a millionth.
            return Math.Abs(CubicCurve.WindowAt(0, k, plateau, frameLength) - start) <= 1 + (start / 1_000_000)
                && CubicCurve.WindowAt(k, k, plateau, frameLength) == plateau;
        });
}
