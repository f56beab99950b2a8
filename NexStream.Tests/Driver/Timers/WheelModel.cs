using NexStream.Core.Primitives;
using NexStream.Driver.Timers;

namespace NexStream.Tests.Driver.Timers;

/// <summary>A wheel beside a plain dictionary that says what the wheel must do; every step compares the two.</summary>
internal sealed class WheelModel
{
    private readonly TimerWheel _wheel;
    private readonly Dictionary<int, Entry> _armed = [];
    private readonly long _start;
    private Int128 _standTick;

    public WheelModel(int capacity, long tickNs, long start)
    {
        _wheel = new TimerWheel(capacity, tickNs, new Instant(start));
        _start = start;
        Now = start;
    }

    public long Now { get; private set; }

    /// <summary>The earliest deadline; now where there is none.</summary>
    public long TrueNextDeadline => _armed.Count == 0 ? Now : _armed.Values.Min(entry => entry.Deadline);

    public void Arm(int id, long deadline)
    {
        _wheel.Arm(id, new Instant(deadline));
        if (deadline == long.MaxValue)
        {
            _armed.Remove(id);
        }
        else
        {
            _armed[id] = new Entry(deadline, Int128.Max(CeilingTick(deadline), _standTick));
        }

        Check();
    }

    public void Cancel(int id)
    {
        Assert.That(_wheel.Cancel(id), Is.EqualTo(_armed.Remove(id)));
        Check();
    }

    /// <summary>Takes everything that is due, and compares it with what the model says is due.</summary>
    public void Advance(long now)
    {
        // A clock that goes backwards stands still.
        Now = Math.Max(Now, now);
        HashSet<int> due = [.. _armed.Where(pair => pair.Value.Tick <= FloorTick(Now)).Select(pair => pair.Key)];
        Int128 lastTick = 0;
        do
        {
            while (_wheel.TryExpire(new Instant(now), out int id))
            {
                Assert.That(due.Remove(id), Is.True, "a timer fired that is not due");
                Entry entry = _armed[id];
                Assert.That(entry.Deadline <= Now || entry.Deadline <= _start, Is.True, "a timer fired before its deadline");
                Assert.That(entry.Tick >= lastTick, Is.True, "timers fired out of order");
                Assert.That(_wheel.IsArmed(id), Is.False);
                lastTick = entry.Tick;
                _standTick = entry.Tick;
                _armed.Remove(id);
            }
        }
        while (due.Count > 0 && _wheel.NextDeadline.Nanoseconds <= Now);
        Assert.That(due, Is.Empty, "a timer is due and did not fire");
        _standTick = Int128.Max(_standTick, FloorTick(Now));
        Check();
    }

    /// <summary>Calls the wheel just when it says that a call gets on: it must fire, or name a later deadline.</summary>
    public void AdvanceToNext()
    {
        long before = _wheel.NextDeadline.Nanoseconds;
        if (before > long.MaxValue - _wheel.TickNs)
        {
            return;
        }

        int count = _armed.Count;
        Advance(Math.Max(Now, before + _wheel.TickNs));
        Assert.That(_armed.Count < count || _wheel.NextDeadline.Nanoseconds > before, Is.True, "a call at the next deadline got nowhere");
    }

    private void Check()
    {
        Assert.That(_wheel.Count, Is.EqualTo(_armed.Count));
        Assert.That(_wheel.NextDeadline.Nanoseconds, Is.LessThanOrEqualTo(_armed.Count == 0 ? long.MaxValue : TrueNextDeadline));
        Assert.That(_wheel.NextDeadline == Instant.Never, Is.EqualTo(_armed.Count == 0));
    }

    private Int128 FloorTick(long ns) => ns <= _start ? 0 : ((Int128)ns - _start) / _wheel.TickNs;

    private Int128 CeilingTick(long ns) => ns <= _start ? 0 : ((Int128)ns - _start + _wheel.TickNs - 1) / _wheel.TickNs;

    private readonly record struct Entry(long Deadline, Int128 Tick);
}
