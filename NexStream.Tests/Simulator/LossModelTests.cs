using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;

namespace NexStream.Tests.Simulator;

/// <summary>Random and bursty loss, over a million draws.</summary>
[TestFixture]
internal sealed class LossModelTests
{
    private const int Draws = 1_000_000;

    // Five standard deviations: what a right model exceeds once in a million seeds.
    private const double Deviations = 5;

    [TestCase(0.0)]
    [TestCase(0.01)]
    [TestCase(0.5)]
    [TestCase(1.0)]
    public void Random_OfAShare_LosesThatShareOneByOne(double share)
    {
        (int lost, int bursts) = Draw(new LinkSettings { Rate = 1, Loss = share });

        Assert.That(lost, Is.EqualTo(share * Draws).Within(Deviations * Math.Sqrt(Draws * share * (1 - share))));

        // Frames are lost independently: a burst begins with a loss behind a frame that was not lost.
        double begins = Draws * share * (1 - share);
        Assert.That(bursts, Is.EqualTo(begins).Within(1 + (Deviations * Math.Sqrt(begins))));
    }

    [TestCase(0.001, 0.2)]
    [TestCase(0.01, 0.5)]
    [TestCase(0.05, 1.0)]
    [TestCase(0.002, 0.05)]
    public void Bursts_OfChancesPAndR_LosePOfTheSumInBurstsOfOneByR(double p, double r)
    {
        (int lost, int bursts) = Draw(new LinkSettings { Rate = 1, BurstEnter = p, BurstLeave = r });

        // A burst begins with chance p at each good frame; lengths are geometric with mean 1/r and variance (1 - r)/r².
        double expected = Draws * (1 - (p / (p + r))) * p;
        Assert.That(bursts, Is.EqualTo(expected).Within(Deviations * Math.Sqrt(expected)));
        Assert.That((double)lost / bursts, Is.EqualTo(1 / r).Within(1e-9 + (Deviations * Math.Sqrt((1 - r) / bursts) / r)));
        Assert.That((double)lost / Draws, Is.EqualTo(p / (p + r)).Within(0.1 * p / (p + r)));
    }

    [Test]
    public void Bursts_ThatEnd_BeginAgainInTheGoodState()
    {
        var loss = new LossModel();
        var random = new SimulationRandom(1);
        var bad = new LinkSettings { Rate = 1, BurstEnter = 1, BurstLeave = 1e-9 };
        Assert.That(loss.IsLost(bad, ref random), Is.True);

        Assert.That(loss.IsLost(bad with { BurstEnter = 0 }, ref random), Is.False);
        Assert.That(loss.IsLost(bad with { BurstEnter = 1e-9 }, ref random), Is.False);
    }

    private static (int Lost, int Bursts) Draw(LinkSettings settings)
    {
        var loss = new LossModel();
        var random = new SimulationRandom(20);
        int lost = 0;
        int bursts = 0;
        bool wasLost = false;
        for (int i = 0; i < Draws; i++)
        {
            bool isLost = loss.IsLost(settings, ref random);
            lost += isLost ? 1 : 0;
            bursts += isLost && !wasLost ? 1 : 0;
            wasLost = isLost;
        }

        return (lost, bursts);
    }
}
