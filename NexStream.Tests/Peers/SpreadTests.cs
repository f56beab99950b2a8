using NexStream.Peers.Results;

namespace NexStream.Tests.Peers;

[TestFixture]
internal sealed class SpreadTests
{
    [Test]
    public void Of_OddCount_TakesTheMiddle() => Assert.That(Spread.Of([9, 1, 4]), Is.EqualTo(new Spread(4, 1, 9)));

    [Test]
    public void Of_EvenCount_TakesTheMeanOfTheTwoInTheMiddle() => Assert.That(Spread.Of([8, 1, 2, 4]), Is.EqualTo(new Spread(3, 1, 8)));

    [Test]
    public void Of_Nothing_IsNull() => Assert.That(Spread.Of([]), Is.Null);

    [Test]
    public void Of_ResultsWithoutTheFigure_DoNotCount()
    {
        PeerResult[] results = [new(1, null, null, null, null), new(null, 5, null, null, null), new(3, null, null, null, null)];

        Assert.That(Spread.Of(results, result => result.GoodputGbps), Is.EqualTo(new Spread(2, 1, 3)));
    }
}
