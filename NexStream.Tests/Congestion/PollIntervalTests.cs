using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

[TestFixture]
public sealed class PollIntervalTests
{
    private const long TickNs = Instant.Second / 60;

    [Test]
    public void OnPoll_FirstTime_KnowsNoInterval()
    {
        PollInterval interval = default;
        interval.OnPoll(new Instant(Instant.Second));

        Assert.That(interval.Ns, Is.Zero);
    }

    [Test]
    public void OnPoll_SecondTime_TakesTheIntervalAsItIs()
    {
        PollInterval interval = default;
        interval.OnPoll(new Instant(Instant.Second));
        interval.OnPoll(new Instant(Instant.Second + TickNs));

        Assert.That(interval.Ns, Is.EqualTo(TickNs));
    }

    [Test]
    public void OnPoll_RhythmChanges_Follows()
    {
        PollInterval interval = default;
        Instant now = Instant.Zero;
        for (int i = 0; i < 100; i++)
        {
            interval.OnPoll(now += TickNs);
        }

        Assert.That(interval.Ns, Is.EqualTo(TickNs).Within(10));
        interval.OnPoll(now += Instant.Millisecond);
        Assert.That(interval.Ns, Is.EqualTo(TickNs - ((TickNs - Instant.Millisecond) / 8)).Within(10), "a new interval counts for an eighth");
        for (int i = 0; i < 100; i++)
        {
            interval.OnPoll(now += Instant.Microsecond);
        }

        Assert.That(interval.Ns, Is.EqualTo(Instant.Microsecond).Within(100));
    }

    // Attack 29.
    [TestCase(30_000 * Instant.Second)]
    [TestCase(long.MaxValue)]
    public void OnPoll_ClockJumpsForward_IsBounded(long jumpNs)
    {
        PollInterval interval = default;
        interval.OnPoll(new Instant(-1));
        interval.OnPoll(new Instant(-1) + jumpNs);

        Assert.That(interval.Ns, Is.EqualTo(PollInterval.MaxNs));
    }

    [Test]
    public void OnPoll_DifferenceBeyondTheRange_IsAPause()
    {
        PollInterval interval = default;
        interval.OnPoll(new Instant(long.MinValue));
        interval.OnPoll(new Instant(long.MaxValue));

        Assert.That(interval.Ns, Is.EqualTo(PollInterval.MaxNs));
    }

    // Several calls in one turn of the loop, and a clock that goes backwards, are no intervals.
    [TestCase(0)]
    [TestCase(-5 * Instant.Second)]
    public void OnPoll_ClockDoesNotAdvance_ChangesNothing(long stepNs)
    {
        PollInterval interval = default;
        interval.OnPoll(new Instant(Instant.Second));
        interval.OnPoll(new Instant(Instant.Second + TickNs));
        interval.OnPoll(new Instant(Instant.Second + TickNs + stepNs));
        Assert.That(interval.Ns, Is.EqualTo(TickNs));

        interval.OnPoll(new Instant(Instant.Second + (2 * TickNs)));
        Assert.That(interval.Ns, Is.EqualTo(TickNs), "the interval is measured from the latest instant that was seen");
    }
}
