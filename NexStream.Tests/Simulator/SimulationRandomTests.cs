using NexStream.Simulator.Engine;

namespace NexStream.Tests.Simulator;

[TestFixture]
internal sealed class SimulationRandomTests
{
    [Test]
    public void Next_OfTheSeedsThatArePublished_GivesTheNumbersThatArePublished()
    {
        // The first outputs of SplitMix64 for the seed 1234567, as its reference implementation prints them.
        var random = new SimulationRandom(1_234_567);

        Assert.That(
            new[] { random.Next(), random.Next(), random.Next() },
            Is.EqualTo(new[] { 6_457_827_717_110_365_317ul, 3_203_168_211_198_807_973ul, 9_817_491_932_198_370_423ul }));
    }

    [Test]
    public void Chance_OfTheEnds_IsNeverAndAlways()
    {
        var random = new SimulationRandom(1);
        for (int i = 0; i < 10_000; i++)
        {
            Assert.That(random.Chance(0), Is.False);
            Assert.That(random.Chance(1), Is.True);
        }
    }

    [Test]
    public void Below_OfABound_GivesEachNumberBelowItAndNoOther()
    {
        var random = new SimulationRandom(1);
        int[] counts = new int[10];
        for (int i = 0; i < 100_000; i++)
        {
            counts[random.Below(10)]++;
        }

        // 10,000 ± 5 standard deviations.
        Assert.That(counts, Is.All.InRange(9500, 10_500));
        Assert.That(random.Below(0), Is.Zero);
    }
}
