using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>When the first slow start ends before a loss (RFC 9406).</summary>
[TestFixture]
public sealed class HyStartTests
{
    private const int PerRound = 16;
    private ulong _number;

    [SetUp]
    public void SetUp() => _number = 0;

    // RFC 9406 §4.2: RttThresh is an eighth of the last round's smallest RTT, between 4 and 16 ms.
    [TestCase(16, 19, false)]
    [TestCase(16, 20, true)]
    [TestCase(80, 89, false)]
    [TestCase(80, 90, true)]
    [TestCase(400, 415, false)]
    [TestCase(400, 416, true)]
    public void Round_LongerThanTheLast_SlowsGrowthFromTheThresholdOn(long firstMs, long secondMs, bool isConservative)
    {
        var hyStart = HyStart.Create();
        Round(ref hyStart, firstMs);
        Round(ref hyStart, secondMs);

        Assert.That(hyStart.IsConservative, Is.EqualTo(isConservative));
        Assert.That(hyStart.Growth(4000), Is.EqualTo(isConservative ? 1000 : 4000), "CSS_GROWTH_DIVISOR is 4");
    }

    // N_RTT_SAMPLE is 8.
    [TestCase(7, false)]
    [TestCase(8, true)]
    public void Round_FewSamples_SaysNothing(int samples, bool isConservative)
    {
        var hyStart = HyStart.Create();
        Round(ref hyStart, 50);
        Round(ref hyStart, 100, samples);

        Assert.That(hyStart.IsConservative, Is.EqualTo(isConservative));
    }

    // CSS_ROUNDS is 5.
    [Test]
    public void ConservativeSlowStart_FiveRounds_EndsSlowStart()
    {
        var hyStart = HyStart.Create();
        Round(ref hyStart, 50);
        Round(ref hyStart, 60);
        for (int round = 1; round <= 4; round++)
        {
            Assert.That(Round(ref hyStart, 60), Is.False, $"round {round}");
        }

        Assert.That(Round(ref hyStart, 60), Is.True);
    }

    [Test]
    public void ConservativeSlowStart_DelayGoes_ResumesSlowStart()
    {
        var hyStart = HyStart.Create();
        Round(ref hyStart, 50);
        Round(ref hyStart, 60);
        Round(ref hyStart, 59);
        Assert.That(hyStart.IsConservative, Is.False);

        for (int round = 0; round < 10; round++)
        {
            Assert.That(Round(ref hyStart, 59), Is.False);
        }
    }

    [Test]
    public void Round_SteadyDelay_NeverEnds()
    {
        var hyStart = HyStart.Create();
        for (int round = 0; round < 50; round++)
        {
            Assert.That(Round(ref hyStart, 50), Is.False);
        }

        Assert.That(hyStart.IsConservative, Is.False);
    }

    /// <summary>One round: its first acknowledgement is the first beyond what had been sent when the last round began.</summary>
    private bool Round(ref HyStart hyStart, long rttMs, int samples = PerRound)
    {
        bool isOver = false;
        ulong sent = _number + PerRound;
        for (int i = 0; i < PerRound; i++)
        {
            isOver |= hyStart.OnAcknowledged(new AcknowledgedBatch
            {
                AcknowledgedBytes = 1500,
                LargestAcknowledged = ++_number,
                LargestSent = sent,
                RttSampleNs = i < samples ? rttMs * Instant.Millisecond : 0,
            });
        }

        return isOver;
    }
}
