using NexStream.Evidence.Requirements;

namespace NexStream.Tests.Evidence;

[TestFixture]
internal sealed class FigureTests
{
    private const string Text = "cost 12.5 ns\ncost 1,234 ns\ncost 3 ns\n";

    [TestCase(FigureChoice.Last, 3)]
    [TestCase(FigureChoice.Least, 3)]
    [TestCase(FigureChoice.Most, 1234)]
    [TestCase(FigureChoice.Count, 3)]
    public void Find_Several_TakesTheOneAskedFor(FigureChoice take, double number) =>
        Assert.That(Figure.Find(Text, Figure.Pattern("^cost ([0-9.,]+) ns$"), take)?.Number, Is.EqualTo(number));

    [TestCase(FigureChoice.Last)]
    [TestCase(FigureChoice.Least)]
    [TestCase(FigureChoice.Most)]
    public void Find_NoMatch_IsNone(FigureChoice take) => Assert.That(Figure.Find(Text, Figure.Pattern("price (.*)"), take), Is.Null);

    [Test]
    public void Find_NoMatchCounted_IsZero() => Assert.That(Figure.Find(Text, Figure.Pattern("price (.*)"), FigureChoice.Count)?.Number, Is.Zero);

    [Test]
    public void Find_LeastWithSomethingThatIsNoNumber_ShowsThat() =>
        Assert.That(Figure.Find("| 0.9 |\n| 0.1 BROKEN |\n", Figure.Pattern(@"\| ([^|]+) \|"), FigureChoice.Least), Is.EqualTo(new Figure("0.1 BROKEN", null)));

    [Test]
    public void Find_AStroke_IsNothing() => Assert.That(Figure.Find("| x | - |", Figure.Pattern(@"\| (-|\d+) \|$"), FigureChoice.Most)?.Number, Is.Zero);

    [TestCase(68.0, "68")]
    [TestCase(0.12345, "0.1235")]
    [TestCase(239.75, "239.8")]
    [TestCase(165888, "165,888")]
    public void Show_ANumber_IsShort(double number, string shown) => Assert.That(Figure.Show(number), Is.EqualTo(shown));
}
