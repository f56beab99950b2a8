using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;

namespace NexStream.Tests.Recovery;

[TestFixture]
public sealed class RttEstimatorTests
{
    private const double Ms = Instant.Millisecond;

    // A microsecond, as the published figures are milliseconds with fractions and the estimator truncates to nanoseconds.
    private const double ToleranceMs = 0.001;

    // RFC 6298 §2 with the variance first (RFC 9002 erratum 7539); figures of the ns-3 test "rtt-test", time-out srtt + 4·rttvar computed.
    [TestCase(new[] { 1000.0 }, 1000, 500, 3000)]
    [TestCase(new[] { 1000.0, 1200 }, 1025, 425, 2725)]
    [TestCase(new[] { 1000.0, 1200, 900 }, 1009.375, 350, 2409.375)]
    public void Update_WithoutDelay_GivesPublishedFigures(double[] samplesMs, double smoothedMs, double varianceMs, double timeoutMs)
    {
        RttEstimator rtt = default;
        foreach (double sampleMs in samplesMs)
        {
            rtt.Update((long)(sampleMs * Ms), 0);
        }

        Assert.Multiple(() =>
        {
            Assert.That(rtt.SmoothedNs / Ms, Is.EqualTo(smoothedMs).Within(ToleranceMs));
            Assert.That(rtt.VarianceNs / Ms, Is.EqualTo(varianceMs).Within(ToleranceMs));
            Assert.That(rtt.PtoNs(0) / Ms, Is.EqualTo(timeoutMs).Within(ToleranceMs));
        });
    }

    // RFC 9002 §5.3 with erratum 7539, max_ack_delay and ack_delay 10 ms; the sequence of a test of s2n-quic, whose PTO is 1620.466 ms.
    [TestCase(new[] { 500.0 }, 500, 250, 1510)]
    [TestCase(new[] { 500.0, 800 }, 536.25, 260, 1586.25)]
    [TestCase(new[] { 500.0, 800, 200 }, 494.21875, 279.0625, 1620.46875)]
    public void Update_WithDelay_GivesPublishedFigures(double[] samplesMs, double smoothedMs, double varianceMs, double ptoMs)
    {
        const long DelayNs = 10 * Instant.Millisecond;
        RttEstimator rtt = default;
        foreach (double sampleMs in samplesMs)
        {
            rtt.Update((long)(sampleMs * Ms), DelayNs);
        }

        Assert.Multiple(() =>
        {
            Assert.That(rtt.SmoothedNs / Ms, Is.EqualTo(smoothedMs).Within(ToleranceMs));
            Assert.That(rtt.VarianceNs / Ms, Is.EqualTo(varianceMs).Within(ToleranceMs));
            Assert.That(rtt.PtoNs(DelayNs) / Ms, Is.EqualTo(ptoMs).Within(ToleranceMs));
        });
    }

    // RFC 9002 §6.2.2: kInitialRtt 333 ms, PTO 999 ms + max_ack_delay.
    [TestCase(0, 999)]
    [TestCase(25, 1024)]
    public void Pto_WithoutSample_AssumesInitialRtt(long maxAckDelayMs, long ptoMs)
    {
        RttEstimator rtt = default;

        Assert.Multiple(() =>
        {
            Assert.That(rtt.HasSample, Is.False);
            Assert.That(rtt.SmoothedNs, Is.EqualTo(333 * Instant.Millisecond));
            Assert.That(rtt.PtoNs(maxAckDelayMs * Instant.Millisecond), Is.EqualTo(ptoMs * Instant.Millisecond));
        });
    }

    // RFC 9002 §6.1.2: max(9/8 · max(srtt, latest_rtt), 1 ms).
    [TestCase(new long[] { 1_000_000 }, 1_125_000)]
    [TestCase(new long[] { 1_000_000, 2_000_000 }, 2_250_000)]
    [TestCase(new long[] { 1_000_000, 200_000 }, 1_012_500)]
    [TestCase(new long[] { 10 }, 1_000)]
    public void LossDelay_AfterSamples_IsNineEighthsOfTheLarger(long[] samplesUs, long delayUs)
    {
        RttEstimator rtt = default;
        foreach (long sampleUs in samplesUs)
        {
            rtt.Update(sampleUs * Instant.Microsecond, 0);
        }

        Assert.That(rtt.LossDelayNs, Is.EqualTo(delayUs * Instant.Microsecond));
    }

    // RFC 9002 §7.6.1: srtt 100, rttvar 50, max_ack_delay 10 → 930 ms.
    [Test]
    public void PersistentCongestion_AfterOneSample_IsThreePto()
    {
        RttEstimator rtt = default;
        rtt.Update(100 * Instant.Millisecond, 0);

        Assert.That(rtt.PersistentCongestionNs(10 * Instant.Millisecond), Is.EqualTo(930 * Instant.Millisecond));
    }

    // RFC 9002 §7.6.1 with rttvar 0: the granularity of 1 ms takes its place → 333 ms.
    [Test]
    public void PersistentCongestion_WithoutVariance_UsesGranularity()
    {
        RttEstimator rtt = default;
        for (int i = 0; i < 100; i++)
        {
            rtt.Update(100 * Instant.Millisecond, 0);
        }

        Assert.That(rtt.VarianceNs, Is.LessThan(10));
        Assert.That(rtt.PersistentCongestionNs(10 * Instant.Millisecond), Is.EqualTo(333 * Instant.Millisecond));
    }

    // Attack 30, RFC 9002 §5.3: a claimed delay that would push the sample below the lowest round trip is ignored.
    [Test]
    public void Update_ForgedAckDelay_NeverGoesBelowMinimum()
    {
        RttEstimator rtt = default;
        rtt.Update(100 * Instant.Millisecond, 0);
        for (int i = 0; i < 1000; i++)
        {
            rtt.Update(101 * Instant.Millisecond, 50 * Instant.Millisecond);
        }

        Assert.That(rtt.SmoothedNs, Is.GreaterThanOrEqualTo(100 * Instant.Millisecond));
        Assert.That(rtt.MinNs, Is.EqualTo(100 * Instant.Millisecond));
    }

    [Test]
    public void Update_FirstSample_IgnoresAckDelay()
    {
        RttEstimator rtt = default;
        rtt.Update(100 * Instant.Millisecond, 10 * Instant.Millisecond);

        Assert.That(rtt.SmoothedNs, Is.EqualTo(100 * Instant.Millisecond));
    }

    /// <summary>What is left is just the smallest round trip: the delay counts (RFC 9002 §5.3: not below it).</summary>
    [Test]
    public void Update_DelayDownToTheMinimum_Counts()
    {
        RttEstimator rtt = default;
        rtt.Update(10 * Instant.Millisecond, 0);
        rtt.Update(20 * Instant.Millisecond, 10 * Instant.Millisecond);
        Assert.That(rtt.SmoothedNs, Is.EqualTo(10 * Instant.Millisecond));
    }

    [Test]
    public void Update_NegativeAckDelay_CountsAsNone()
    {
        RttEstimator rtt = default;
        rtt.Update(100 * Instant.Millisecond, 0);
        rtt.Update(100 * Instant.Millisecond, long.MinValue);

        Assert.That(rtt.SmoothedNs, Is.EqualTo(100 * Instant.Millisecond));
    }

    // Attack 29: the clock stands still or jumps back.
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(long.MinValue)]
    public void Update_SampleNotPositive_CountsAsOneNanosecond(long sampleNs)
    {
        RttEstimator rtt = default;
        rtt.Update(sampleNs, 0);
        rtt.Update(sampleNs, 0);

        Assert.Multiple(() =>
        {
            Assert.That(rtt.LatestNs, Is.EqualTo(1));
            Assert.That(rtt.MinNs, Is.EqualTo(1));
            Assert.That(rtt.SmoothedNs, Is.GreaterThanOrEqualTo(0));
            Assert.That(rtt.LossDelayNs, Is.EqualTo(Instant.Millisecond));
        });
    }

    // Attack 29: the clock jumps 30,000 s forward, or further than a long counts.
    [TestCase(30_000 * Instant.Second)]
    [TestCase(long.MaxValue)]
    public void Update_ClockJumpsForward_BoundsTheTimers(long sampleNs)
    {
        RttEstimator rtt = default;
        rtt.Update(50 * Instant.Millisecond, 0);
        rtt.Update(sampleNs, 0);

        Assert.That(rtt.LatestNs, Is.EqualTo(RttEstimator.SampleMaxNs));
        Assert.That(rtt.SmoothedNs, Is.LessThan(8 * Instant.Second), "an eighth of 60 s and what was before");
        Assert.That(rtt.PersistentCongestionNs(long.MaxValue), Is.Positive);
    }

    [Test]
    public void OnPersistentCongestion_PathGotLonger_LearnsMinimumAgain()
    {
        RttEstimator rtt = default;
        rtt.Update(10 * Instant.Millisecond, 0);
        rtt.Update(80 * Instant.Millisecond, 0);
        rtt.OnPersistentCongestion();

        Assert.That(rtt.MinNs, Is.EqualTo(80 * Instant.Millisecond));
    }

    [Test]
    public void Update_AnySamples_StayBetweenMinimumAndMaximum() =>
        Gen.Select(Gen.Long[-5, 100 * Instant.Second], Gen.Long[-5, 30 * Instant.Second]).Array[1, 50].Sample(inputs =>
        {
            RttEstimator rtt = default;
            foreach ((long sampleNs, long delayNs) in inputs)
            {
                rtt.Update(sampleNs, delayNs);
            }

            return rtt.MinNs >= 1 && rtt.MinNs <= rtt.LatestNs
                && rtt.SmoothedNs + 1 >= rtt.MinNs && rtt.SmoothedNs <= RttEstimator.SampleMaxNs
                && rtt.VarianceNs >= 0 && rtt.VarianceNs <= RttEstimator.SampleMaxNs;
        });
}
