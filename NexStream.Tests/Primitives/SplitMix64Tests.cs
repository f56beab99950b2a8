using NexStream.Core.Primitives;

namespace NexStream.Tests.Primitives;

[TestFixture]
public sealed class SplitMix64Tests
{
    private const int Draws = 100_000;

    // Standard errors allowed: a right generator leaves this range once in 16,000 seeds, and the seeds here are fixed.
    private const double Errors = 4;

    // The check values that Rosetta Code publishes for the seed 1234567 (task "Pseudo-random numbers/Splitmix64").
    [Test]
    public void Next_ReferenceSeed_GivesPublishedNumbers()
    {
        SplitMix64 draws = new(1234567);
        ulong[] numbers = [draws.Next(), draws.Next(), draws.Next(), draws.Next(), draws.Next()];
        Assert.That(
            numbers,
            Is.EqualTo(new ulong[] { 6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821 }));
    }

    [TestCase(0.001)]
    [TestCase(0.1)]
    [TestCase(0.5)]
    [TestCase(0.999)]
    public void Draw_Share_IsItsFrequency(double share)
    {
        SplitMix64 draws = new(42);
        int drawn = Enumerable.Range(0, Draws).Count(_ => draws.Draw(share));
        Assert.That(drawn, Is.EqualTo(Draws * share).Within(Errors * Math.Sqrt(Draws * share * (1 - share))));
    }

    // Chi-square of the four outcomes of pairs, which do not overlap, against independence; 3 degrees of freedom as the shares are given.
    [TestCase(0.1, 1)]
    [TestCase(0.5, 1)]
    [TestCase(0.9, 1)]
    [TestCase(0.5, 7)]
    public void Draw_Pairs_AreIndependent(double share, int apart)
    {
        // 0.999 quantile of chi-square with 3 degrees of freedom.
        const double Quantile = 16.27;
        SplitMix64 draws = new(2014);
        bool[] drawn = [.. Enumerable.Range(0, Draws).Select(_ => draws.Draw(share))];
        double[] seen = new double[4];
        int pairs = 0;
        for (int i = 0; i + apart < Draws; i += 2 * apart)
        {
            seen[(drawn[i] ? 2 : 0) + (drawn[i + apart] ? 1 : 0)]++;
            pairs++;
        }

        double[] chances = [(1 - share) * (1 - share), (1 - share) * share, share * (1 - share), share * share];
        double chiSquare = seen.Zip(chances, (count, chance) => (count - (pairs * chance)) * (count - (pairs * chance)) / (pairs * chance)).Sum();
        Assert.That(chiSquare, Is.LessThan(Quantile));
    }

    [TestCase(0, false)]
    [TestCase(-1, false)]
    [TestCase(double.NaN, false)]
    [TestCase(1, true)]
    [TestCase(double.PositiveInfinity, true)]
    public void Draw_CertainShare_NeverDiffers(double share, bool expected)
    {
        SplitMix64 draws = new(3);
        Assert.That(Enumerable.Range(0, 1000).Select(_ => draws.Draw(share)), Is.All.EqualTo(expected));
    }

    [Test]
    public void Draw_OtherShare_MovesNoLaterDraw()
    {
        SplitMix64 one = new(5);
        SplitMix64 other = new(5);
        _ = one.Draw(0);
        _ = other.Draw(1);
        Assert.That(one.Next(), Is.EqualTo(other.Next()));
    }
}
