using NexStream.Core.Primitives;

namespace NexStream.Tests.Primitives;

[TestFixture]
internal sealed class InstantTests
{
    [Test]
    public void Addition_OfDuration_MovesInstant()
    {
        Assert.That(new Instant(5) + Instant.Microsecond, Is.EqualTo(new Instant(1_005)));
        Assert.That(new Instant(5) + -7L, Is.EqualTo(new Instant(-2)));
    }

    [Test]
    public void Addition_PastTheEnd_IsNever()
    {
        Assert.That(Instant.Never + 1L, Is.EqualTo(Instant.Never));
        Assert.That(new Instant(long.MaxValue - 10) + 11L, Is.EqualTo(Instant.Never));
        Assert.That(new Instant(long.MaxValue - 10) + 10L, Is.EqualTo(Instant.Never));
        Assert.That(new Instant(long.MaxValue - 10) + 9L, Is.EqualTo(new Instant(long.MaxValue - 1)));
    }

    [Test]
    public void Addition_OfTimeSpan_MovesInstant()
    {
        Assert.That(new Instant(5) + TimeSpan.FromMicroseconds(1), Is.EqualTo(new Instant(1_005)));
        Assert.That(new Instant(1_000) + TimeSpan.FromTicks(-3), Is.EqualTo(new Instant(700)));
        Assert.That(new Instant(5) + Timeout.InfiniteTimeSpan, Is.EqualTo(new Instant(5 - Instant.Millisecond)));
    }

    /// <summary>A TimeSpan reaches a hundred times as far as an instant.</summary>
    [Test]
    public void Addition_OfTimeSpanPastTheEnd_IsNever()
    {
        var longest = TimeSpan.FromTicks(long.MaxValue / 100);
        Assert.That(Instant.Zero + longest, Is.EqualTo(new Instant(long.MaxValue / 100 * 100)));
        Assert.That(Instant.Zero + (longest + TimeSpan.FromTicks(1)), Is.EqualTo(Instant.Never));
        Assert.That(Instant.Zero + TimeSpan.MaxValue, Is.EqualTo(Instant.Never));
        Assert.That(new Instant(Instant.Second) + TimeSpan.MaxValue, Is.EqualTo(Instant.Never));
        Assert.That(Instant.Zero + -longest, Is.EqualTo(new Instant(long.MaxValue / -100 * 100)));
        Assert.That(Instant.Zero + TimeSpan.MinValue, Is.EqualTo(new Instant(-long.MaxValue)));
    }

    [Test]
    public void Difference_OfTwoInstants_IsSigned()
    {
        Assert.That(new Instant(30) - new Instant(10), Is.EqualTo(20L));
        Assert.That(new Instant(10) - new Instant(30), Is.EqualTo(-20L));
    }

    [Test]
    public void Comparison_OrdersByTime()
    {
        var earlier = new Instant(-1);
        Instant later = Instant.Zero;
        Assert.That(earlier < later, Is.True);
        Assert.That(earlier <= later, Is.True);
        Assert.That(later > earlier, Is.True);
        Assert.That(later >= earlier, Is.True);
        Assert.That(later < earlier, Is.False);
        Assert.That(later <= earlier, Is.False);
        Assert.That(later <= Instant.Zero, Is.True);
        Assert.That(later >= Instant.Zero, Is.True);
        Assert.That(earlier.CompareTo(later), Is.Negative);
        Assert.That(later < Instant.Never, Is.True);
    }

    [Test]
    public void MinAndMax_PickEarlierAndLater()
    {
        var a = new Instant(1);
        var b = new Instant(2);
        Assert.That(Instant.Min(a, b), Is.EqualTo(a));
        Assert.That(Instant.Min(b, a), Is.EqualTo(a));
        Assert.That(Instant.Max(a, b), Is.EqualTo(b));
        Assert.That(Instant.Max(b, a), Is.EqualTo(b));
    }

    [Test]
    public void ToString_ShowsSecondsOrNever()
    {
        Assert.That(new Instant(1_500_000_000).ToString(), Is.EqualTo("1.500000000 s"));
        Assert.That(Instant.Never.ToString(), Is.EqualTo("never"));
    }
}
