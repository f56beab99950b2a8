using NexStream.Core.Primitives;
using NexStream.Driver.Timers;

namespace NexStream.Tests.Driver.Timers;

[TestFixture]
public sealed class TimerWheelTests
{
    private const long YearNs = 365L * 24 * 3600 * Instant.Second;

    [Test]
    public void TryExpire_BeforeTheDeadline_FiresNothing()
    {
        TimerWheel wheel = new(4);
        wheel.Arm(2, new Instant(5_000));
        Assert.That(wheel.TryExpire(new Instant(4_999), out _), Is.False);
        Assert.That(wheel.NextDeadline, Is.EqualTo(new Instant(5_000)));
        Assert.That(wheel.TryExpire(new Instant(5_000 + wheel.TickNs), out int id), Is.True);
        Assert.That(id, Is.EqualTo(2));
        Assert.That(wheel.TryExpire(new Instant(10_000), out _), Is.False);
    }

    [Test]
    public void Arm_DeadlineHasPassed_FiresAtTheNextCall()
    {
        TimerWheel wheel = new(4);
        Instant now = new(Instant.Second);
        Assert.That(wheel.TryExpire(now, out _), Is.False);
        wheel.Arm(1, new Instant(3));
        Assert.That(wheel.TryExpire(now, out int id), Is.True);
        Assert.That(id, Is.EqualTo(1));
    }

    [Test]
    public void Arm_Never_Cancels()
    {
        TimerWheel wheel = new(4);
        wheel.Arm(1, new Instant(3));
        wheel.Arm(1, Instant.Never);
        Assert.That(wheel.IsArmed(1), Is.False);
        Assert.That(wheel.Count, Is.Zero);
        Assert.That(wheel.NextDeadline, Is.EqualTo(Instant.Never));
        Assert.That(wheel.TryExpire(new Instant(YearNs), out _), Is.False);
    }

    [Test]
    public void Arm_ArmedAlready_MovesTheTimer()
    {
        TimerWheel wheel = new(1, tickNs: 1);
        wheel.Arm(0, new Instant(10));
        wheel.Arm(0, new Instant(100));
        Assert.That(wheel.TryExpire(new Instant(99), out _), Is.False);
        Assert.That(wheel.TryExpire(new Instant(100), out _), Is.True);
    }

    [Test]
    public void Arm_UnknownTimer_Throws()
    {
        TimerWheel wheel = new(4);
        Assert.That(() => wheel.Arm(4, Instant.Zero), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => wheel.Cancel(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TryExpire_ClockGoesBackwards_StandsStill()
    {
        TimerWheel wheel = new(2, tickNs: 1);
        wheel.TryExpire(new Instant(1_000), out _);
        wheel.Arm(0, new Instant(900));
        Assert.That(wheel.TryExpire(new Instant(10), out int id), Is.True);
        Assert.That(id, Is.Zero);
    }

    [Test]
    public void TryExpire_DeadlinesYearsAhead_FireInOrder()
    {
        TimerWheel wheel = new(200);
        for (int id = 0; id < 200; id++)
        {
            wheel.Arm(id, new Instant((200 - id) * YearNs));
        }

        for (int id = 199; id >= 0; id--)
        {
            Instant deadline = new((200 - id) * YearNs);
            Assert.That(wheel.NextDeadline, Is.EqualTo(deadline));
            Assert.That(wheel.TryExpire(new Instant(deadline.Nanoseconds - 1), out _), Is.False);
            Assert.That(wheel.TryExpire(deadline + wheel.TickNs, out int fired), Is.True);
            Assert.That(fired, Is.EqualTo(id));
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void TryExpire_ManyTimersInOneSlot_MovesABoundedNumberPerCall(bool earliestArmedLast)
    {
        const int Timers = TimerWheel.MovesPerCall * 10;
        TimerWheel wheel = new(Timers, tickNs: 1);
        for (int i = 0; i < Timers; i++)
        {
            // All in the third level's second slot, each with a tick of its own: 4,096 + id.
            int id = earliestArmedLast ? Timers - 1 - i : i;
            wheel.Arm(id, new Instant(4_096 + id));
        }

        Instant now = new(4_096 + Timers);
        Assert.That(wheel.TryExpire(now, out _), Is.False, "the first call may not do all the work");
        Assert.That(wheel.NextDeadline, Is.EqualTo(new Instant(4_096)), "what is left must stay visible");
        int calls = 1;
        int fired = 0;
        while (wheel.NextDeadline <= now)
        {
            calls++;
            if (wheel.TryExpire(now, out int id))
            {
                Assert.That(id, Is.EqualTo(fired), "bounded work must not change the order");
                fired++;
            }
        }

        Assert.That(fired, Is.EqualTo(Timers));
        Assert.That(calls, Is.LessThan(Timers + (3 * Timers / TimerWheel.MovesPerCall)));
    }

    [Test]
    public void TryExpire_JumpOf30000SecondsWithAMillionTimers_FiresAllInOrder()
    {
        const int Timers = 1_000_000;
        TimerWheel wheel = new(Timers);
        for (int id = 0; id < Timers; id++)
        {
            wheel.Arm(id, new Instant(unchecked((long)((uint)id * 2_654_435_761u)) * 7_000));
        }

        Instant now = new(30_065L * Instant.Second);
        long last = 0;
        int fired = 0;
        bool ordered = true;
        while (wheel.Count > 0)
        {
            if (wheel.TryExpire(now, out int id))
            {
                long deadline = unchecked((long)((uint)id * 2_654_435_761u)) * 7_000;
                ordered &= deadline > last - wheel.TickNs;
                last = deadline;
                fired++;
            }
        }

        Assert.That(ordered, Is.True);
        Assert.That(fired, Is.EqualTo(Timers));
    }

    [Test]
    public void ArmCancelExpire_AfterConstruction_AllocateNothing()
    {
        TimerWheel wheel = new(1_000);
        long Run(long from)
        {
            long fired = 0;
            for (int id = 0; id < 1_000; id++)
            {
                wheel.Arm(id, new Instant(from + (id * 1_000_003L)));
                wheel.Arm(id, new Instant(from + (id * 1_000_033L)));
            }

            wheel.Cancel(500);
            for (long now = from; now < from + (1_100 * Instant.Millisecond); now += Instant.Millisecond)
            {
                while (wheel.TryExpire(new Instant(now), out _))
                {
                    fired++;
                }
            }

            return fired;
        }

        Run(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long count = Run(2 * Instant.Second);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(count, Is.EqualTo(999));
        Assert.That(allocated, Is.Zero);
    }
}
