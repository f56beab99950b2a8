using System.Numerics;
using CsCheck;
using NexStream.Core.Fec;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Fec;

[TestFixture]
public sealed class LossModelTests
{
    // Sums of up to some ten thousand positive terms, each exact to 2^-53.
    private const double Rounding = 1e-12;

    [TestCase(0.05, 3)]
    [TestCase(0.2, 1.25)]
    [TestCase(0.5, 40)]
    public void Chain_AnyPath_LosesItsShareInRunsOfItsLength(double loss, double burst)
    {
        LossModel path = new(loss, burst);
        Assert.Multiple(() =>
        {
            Assert.That((loss * path.LostAfterLost) + ((1 - loss) * path.LostAfterArrived), Is.EqualTo(loss).Within(Rounding), "stationary");
            Assert.That(1 / (1 - path.LostAfterLost), Is.EqualTo(burst).Within(Rounding * burst), "mean of a geometric run");
        });
    }

    [TestCase(0.2, 1)]
    [TestCase(0.2, 0)]
    [TestCase(0.2, -5)]
    [TestCase(0.2, double.NaN)]
    public void Chain_ShorterBurstsThanRandomOnes_LosesIndependently(double loss, double burst)
    {
        LossModel path = new(loss, burst);
        Assert.Multiple(() =>
        {
            Assert.That(path.MeanBurst, Is.EqualTo(1.25).Within(Rounding));
            Assert.That(path.LostAfterLost, Is.EqualTo(0.2).Within(Rounding));
            Assert.That(path.LostAfterArrived, Is.EqualTo(0.2).Within(Rounding));
        });
    }

    [TestCase(double.NaN, 0)]
    [TestCase(-1, 0)]
    [TestCase(0, 0)]
    [TestCase(1, LossModel.LossMax)]
    [TestCase(double.PositiveInfinity, LossModel.LossMax)]
    public void Loss_OutsideOfItsRange_IsTheNearest(double loss, double expected) => Assert.That(new LossModel(loss, 1).Loss, Is.EqualTo(expected));

    [Test]
    public void Delivered_ExtremeLoss_IsAShare([Values(1, 16_777_216, double.PositiveInfinity)] double burst, [Values(0, 1)] double loss)
    {
        LossModel path = new(loss, burst);
        Assert.That(path.DeliveredShare(64, 64), Is.InRange(0, 1));
        Assert.That(path.DeliveredShare(64, 64), loss == 0 ? Is.EqualTo(1) : Is.LessThan(0.01));
    }

    [Test]
    public void Delivered_WithoutRepairs_IsWhatArrives() => AnyPath.Select(Gen.Int[1, 64]).Sample((path, sources) =>
        Math.Abs(path.DeliveredShare(sources, 0) - (1 - path.Loss)) < Rounding);

    // Duplication: the message is gone when all of the m + 1 packets are.
    [Test]
    public void Delivered_OneSource_IsOneMinusAllLost() => AnyPath.Select(Gen.Int[0, 64]).Sample((path, repairs) =>
        Math.Abs(path.DeliveredShare(1, repairs) - (1 - (path.Loss * Math.Pow(path.LostAfterLost, repairs)))) < Rounding);

    // A source is missed when it is lost and so are at least m of the k + m - 1 others.
    [Test]
    public void Delivered_IndependentLosses_IsBinomial() =>
        Gen.Select(Gen.Double[0, 0.95], Gen.Int[1, 64], Gen.Int[0, 64]).Sample((loss, sources, repairs) =>
        {
            double missed = loss * BinomialTail(sources + repairs - 1, repairs, loss);
            Assert.That(new LossModel(loss, 1).DeliveredShare(sources, repairs), Is.EqualTo(1 - missed).Within(1e-10));
        });

    // Every pattern of losses, each with its probability: the definition itself.
    [Test]
    public void Delivered_SmallGroups_IsTheSumOverAllPatterns() =>
        AnyPath.Select(Gen.Int[1, 6], Gen.Int[0, 5]).Sample(
            (path, sources, repairs) =>
            {
                double delivered = 0;
                for (uint pattern = 0; pattern < 1u << (sources + repairs); pattern++)
                {
                    int lost = BitOperations.PopCount(pattern);
                    int lostSources = BitOperations.PopCount(pattern & ((1u << sources) - 1));
                    delivered += Probability(path, pattern, sources + repairs) * (lost > repairs ? sources - lostSources : sources) / sources;
                }

                Assert.That(path.DeliveredShare(sources, repairs), Is.EqualTo(delivered).Within(Rounding));
            },
            iter: 300);

    [Test]
    public void Delivered_MoreRepairs_NeverFalls() => AnyPath.Select(Gen.Int[1, 64]).Sample((path, sources) =>
    {
        GroupForecast forecast = new(path, sources);
        double before = forecast.Delivered;
        int fewer = 0;
        while (forecast.TryAddRepair())
        {
            fewer += forecast.Delivered < before || forecast.Delivered > 1 ? 1 : 0;
            before = forecast.Delivered;
        }

        Assert.That((forecast.Repairs, fewer), Is.EqualTo((64, 0)));
    });

    [TestCase(4, 1, 0.05, 1)]
    [TestCase(4, 2, 0.2, 3)]
    [TestCase(16, 4, 0.1, 3)]
    [TestCase(32, 12, 0.2, 1)]
    [TestCase(32, 8, 0.1, 10)]
    [TestCase(64, 5, 0.01, 6)]
    public void Delivered_SimulatedChain_IsWhatItDelivers(int sources, int repairs, double loss, double burst)
    {
        // Groups follow each other at a distance: each starts anew in the stationary state, and so they are independent.
        const int Groups = 100_000;
        LossModel path = new(loss, burst);
        SplitMix64 draws = new(1963);
        double sum = 0;
        double squares = 0;
        for (int group = 0; group < Groups; group++)
        {
            bool lost = draws.Draw(path.Loss);
            int lostSources = 0;
            int lostRepairs = 0;
            for (int i = 0; i < sources + repairs; i++)
            {
                lost = draws.Draw(lost ? path.LostAfterLost : path.LostAfterArrived);
                lostSources += lost && i < sources ? 1 : 0;
                lostRepairs += lost && i >= sources ? 1 : 0;
            }

            double share = lostSources + lostRepairs > repairs ? 1 - ((double)lostSources / sources) : 1;
            sum += share;
            squares += share * share;
        }

        double mean = sum / Groups;
        double standardError = Math.Sqrt(((squares / Groups) - (mean * mean)) / Groups);
        Assert.That(standardError, Is.LessThan(0.001), "else the comparison says little");
        Assert.That(path.DeliveredShare(sources, repairs), Is.EqualTo(mean).Within(4 * standardError));
    }

    [TestCase(0)]
    [TestCase(65)]
    public void Forecast_NumberOfSourcesThatNoGroupHas_Throws(int sources) =>
        Assert.That(() => new LossModel(0.1, 1).DeliveredShare(sources, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static Gen<LossModel> AnyPath { get; } =
        Gen.Select(Gen.Double[0, 1], Gen.Double[1, 50], (loss, burst) => new LossModel(loss, burst));

    private static double Probability(LossModel path, uint pattern, int packets)
    {
        bool lost = (pattern & 1) != 0;
        double probability = lost ? path.Loss : 1 - path.Loss;
        for (int i = 1; i < packets; i++)
        {
            double lostNext = lost ? path.LostAfterLost : path.LostAfterArrived;
            lost = (pattern >> i & 1) != 0;
            probability *= lost ? lostNext : 1 - lostNext;
        }

        return probability;
    }

    private static double BinomialTail(int trials, int least, double chance)
    {
        double tail = 0;
        for (int n = least; n <= trials; n++)
        {
            double ways = 1;
            for (int i = 1; i <= n; i++)
            {
                ways *= (double)(trials - n + i) / i;
            }

            tail += ways * Math.Pow(chance, n) * Math.Pow(1 - chance, trials - n);
        }

        return tail;
    }
}
