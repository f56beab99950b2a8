using CsCheck;
using NexStream.Core.Congestion;
using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>The small types that the model is made of.</summary>
[TestFixture]
public sealed class BbrModelTests
{
    // §5.5.3 to §5.5.6.
    [Test]
    public void MaxBandwidth_AfterTwoCycles_ForgetsTheSample()
    {
        MaxBandwidthFilter filter = default;
        filter.Update(Sample(rate: 100));
        filter.Advance();
        filter.Update(Sample(rate: 60));
        Assert.That(filter.Max, Is.EqualTo(100), "the previous cycle counts");
        filter.Advance();
        Assert.That(filter.Max, Is.EqualTo(60));
    }

    [Test]
    public void MaxBandwidth_CycleWithoutSample_KeepsTheOldOnes()
    {
        MaxBandwidthFilter filter = default;
        filter.Update(Sample(rate: 100));
        for (int i = 0; i < 5; i++)
        {
            filter.Advance();
        }

        Assert.That(filter.Max, Is.EqualTo(100));
    }

    // §5.5.4.
    [TestCase(99, 100)]
    [TestCase(101, 101)]
    public void MaxBandwidth_ApplicationLimitedSample_CountsOnlyWhenHigher(long rate, long expected)
    {
        MaxBandwidthFilter filter = default;
        filter.Update(Sample(rate: 100));
        filter.Advance();
        filter.Update(Sample(rate: rate, isLimited: true));
        filter.Advance();
        Assert.That(filter.Max, Is.EqualTo(expected));
    }

    [Test]
    public void MaxOverRounds_RandomValues_IsTheMaximumOfTheWindow()
    {
        Gen.Select(Gen.Long[0, 15], Gen.Long[0, 1000]).Array[1, 60].Sample(steps =>
        {
            MaxOverRounds filter = default;
            List<(long Round, long Value)> all = [];
            long round = 0;
            foreach ((long rounds, long value) in steps)
            {
                round += rounds;
                filter.Update(round, value);
                all.Add((round, value));
                foreach (int window in new[] { 1, 10 })
                {
                    long expected = all.Where(x => x.Round >= round - window).Max(x => x.Value);
                    if (filter.Max(window) != expected)
                    {
                        return false;
                    }
                }
            }

            return true;
        });
    }

    // §5.5.1.
    [Test]
    public void Round_PacketSentAfterItBegan_EndsIt()
    {
        RoundCounter round = default;
        round.Update(priorDelivered: 0, delivered: 10);
        Assert.That((round.IsStart, round.Count), Is.EqualTo((true, 1L)));
        round.Update(priorDelivered: 9, delivered: 20);
        Assert.That(round.IsStart, Is.False, "the packet left before the round began");
        round.Update(priorDelivered: 10, delivered: 30);
        Assert.That((round.IsStart, round.Count), Is.EqualTo((true, 2L)));
    }

    // §5.3.4.3.
    [Test]
    public void MinRtt_HigherSampleAfterTenSeconds_ReplacesTheOldOne()
    {
        MinRttFilter filter = MinRttFilter.Start(Instant.Zero);
        filter.Update(new Instant(1), 40, isStartup: false);
        filter.Update(Seconds(5) + 2, 50, isStartup: false);
        Assert.That((filter.Ns, filter.IsProbeDue), Is.EqualTo((40L, true)), "after five seconds it is looked for");
        filter.Update(Seconds(6), 45, isStartup: false);
        Assert.That((filter.Ns, filter.IsProbeDue), Is.EqualTo((40L, false)));
        filter.Update(Seconds(10) + 2, 60, isStartup: false);
        Assert.That(filter.Ns, Is.EqualTo(45), "the lowest of the last five seconds");
    }

    [TestCase(641, true, false)]
    [TestCase(650, true, false)]
    [TestCase(651, true, true)]
    [TestCase(641, false, true)]
    public void MinRtt_HardlyHigherSample_PutsOffTheProbeInStartupOnly(long rttNs, bool isStartup, bool isDue)
    {
        MinRttFilter filter = MinRttFilter.Start(Instant.Zero);
        filter.Update(new Instant(1), 640, isStartup);
        filter.Update(Seconds(4), rttNs, isStartup);
        filter.Update(Seconds(6), 0, isStartup);
        Assert.That((filter.Ns, filter.IsProbeDue), Is.EqualTo((640L, isDue)));
    }

    // §5.3.3.8: 2 to 3 s, 0 or 1 rounds at the start; two flows differ.
    [Test]
    public void ProbeClock_Draws_AreWithinTheBoundsAndDiffer()
    {
        ProbeClock clock = new(seed: 7);
        ProbeClock other = new(seed: 8);
        HashSet<long> waits = [];
        HashSet<long> rounds = [];
        int equal = 0;
        for (int i = 0; i < 1000; i++)
        {
            clock.Start(Instant.Zero);
            other.Start(Instant.Zero);
            waits.Add(clock.WaitNs);
            rounds.Add(clock.RoundsSinceProbe);
            equal += clock.WaitNs == other.WaitNs ? 1 : 0;
        }

        Assert.That(waits, Has.All.InRange(2 * Instant.Second, 3 * Instant.Second));
        Assert.That(waits.Max() - waits.Min(), Is.GreaterThan(900 * Instant.Millisecond));
        Assert.That(rounds, Is.EquivalentTo(new[] { 0L, 1L }));
        Assert.That(equal, Is.LessThan(5));
    }

    // Computed apart from the code, from the definition of SplitMix64: two draws a cycle, the rounds and then the wait.
    [Test]
    public void ProbeClock_SameSeed_GivesTheSameLotsForever()
    {
        ProbeClock clock = new(seed: 7);
        List<(long, long)> lots = [];
        for (int i = 0; i < 3; i++)
        {
            clock.Start(Instant.Zero);
            lots.Add((clock.RoundsSinceProbe, clock.WaitNs));
        }

        Assert.That(lots, Is.EqualTo(new[] { (1L, 2_594_955_804L), (0L, 2_301_472_203L), (0L, 2_465_548_305L) }));
    }

    [TestCase(10, 9, false)]
    [TestCase(10, 10, true)]
    [TestCase(1000, 61, false)]
    [TestCase(1000, 63, true)]
    public void ProbeClock_RoundsOfReno_MakeItDue(int inflightFrames, int rounds, bool expected)
    {
        ProbeClock clock = new(seed: 1);
        clock.Start(Instant.Zero);
        while (clock.RoundsSinceProbe < rounds)
        {
            clock.OnRoundStart();
        }

        Assert.That(clock.IsDue(Instant.Zero, inflightFrames * 1500, 1500), Is.EqualTo(expected));
        Assert.That(clock.IsDue(Seconds(3), inflightFrames * 1500, 1500), Is.True, "the time alone is enough");
    }

    // §5.3.3.5: 1, 2, 4, 8, 16 packets in successive rounds.
    [Test]
    public void LongTerm_ProbedUpwards_GrowsByTwiceAsMuchEachRound()
    {
        const int FrameLength = 1000;
        const long Window = 64 * FrameLength;
        LongTermModel model = LongTermModel.Start();
        model.Set(Window);
        model.ResetGrowth();
        model.Steepen(Window, FrameLength);
        List<long> growth = [];
        for (int round = 0; round < 5; round++)
        {
            long before = model.Inflight;
            for (int i = 0; i < 64; i++)
            {
                model.Grow(FrameLength, isRoundStart: i == 63, Window, FrameLength);
            }

            growth.Add((model.Inflight - before) / FrameLength);
        }

        Assert.That(growth, Is.EqualTo(new[] { 1L, 2, 4, 8, 16 }));
    }

    // §5.3.3.9, InflightWithHeadroom().
    [TestCase(100, 85)]
    [TestCase(6, 5)]
    [TestCase(4, 4)]
    public void LongTerm_WithHeadroom_LeavesRoomButNotLessThanThePipe(int frames, int expected)
    {
        LongTermModel model = LongTermModel.Start();
        Assert.That(model.WithHeadroom(1000), Is.EqualTo(BbrConstants.Unlimited));
        model.Set(frames * 1000);
        Assert.That(model.WithHeadroom(1000), Is.EqualTo(expected * 1000));
    }

    // §5.5.10.3.
    [TestCase(900, 900)]
    [TestCase(100, 700)]
    public void ShortTerm_Lowered_IsWhatWasDeliveredButAtMostThreeTenthsLess(long latest, long expected)
    {
        ShortTermModel model = default;
        model.Reset();
        model.Lower(latest, latest, maxBandwidth: 1000, window: 1000);
        Assert.That((model.Bandwidth, model.Inflight), Is.EqualTo((expected, expected)));
    }

    [TestCase(5, 0, 1, false)]
    [TestCase(5, 1, 1, true)]
    [TestCase(150, 3, 1, false)]
    [TestCase(150, 4, 1, true)]
    [TestCase(10_000, 207, 1, false)]
    [TestCase(10_000, 208, 1, true)]
    [TestCase(150, 6, 4, false)]
    [TestCase(150, 7, 4, true)]
    [TestCase(10_000, 228, 4, false)]
    [TestCase(10_000, 229, 4, true)]
    public void Loss_BeyondThresholdAndChance_Counts(int flight, int lost, int halfDeviations, bool expected) =>
        Assert.That(LossResponse.IsBeyondChance(lost * 1500, flight * 1500, 1500, halfDeviations), Is.EqualTo(expected));

    // §5.3.1.2.
    [Test]
    public void FullPipe_ThreeRoundsWithoutGrowth_IsFull()
    {
        FullPipeDetector detector = default;
        detector.Update(Sample(rate: 100), isRoundStart: true);
        detector.Update(Sample(rate: 124), isRoundStart: true);
        detector.Update(Sample(rate: 124), isRoundStart: false);
        detector.Update(Sample(rate: 124, isLimited: true), isRoundStart: true);
        detector.Update(Sample(rate: 124), isRoundStart: true);
        Assert.That((detector.Count, detector.IsNow), Is.EqualTo((2, false)));
        detector.Update(Sample(rate: 125), isRoundStart: true);
        Assert.That(detector.Count, Is.Zero, "a quarter more is growth");
        for (int i = 0; i < 3; i++)
        {
            detector.Update(Sample(rate: 125), isRoundStart: true);
        }

        Assert.That((detector.Count, detector.IsNow, detector.IsReached), Is.EqualTo((3, true, true)));
    }

    private static RateSample Sample(long rate, bool isLimited = false) => new(new AcknowledgedBatch { DeliveryRate = rate }, isLimited);

    private static Instant Seconds(long seconds) => new(seconds * Instant.Second);
}
