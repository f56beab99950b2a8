using BenchmarkDotNet.Attributes;
using NexStream.Core.Primitives;
using NexStream.Driver.Timers;

namespace NexStream.Bench;

/// <summary>The timer wheel with a timer for each of many connections.</summary>
[MemoryDiagnoser]
public class TimerWheelBenchmarks
{
    private TimerWheel? _wheel;
    private int _next;
    private Instant _now;

    [Params(100, 100_000)]
    public int Timers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _now = new Instant(Instant.Second);
        _wheel = new TimerWheel(Timers, start: _now);
        for (int i = 0; i < Timers; i++)
        {
            _wheel.Arm(i, DeadlineOf(i));
        }
    }

    /// <summary>What an acknowledgement does: a timer that did not fire moves a little further.</summary>
    [Benchmark]
    public void Rearm()
    {
        _next = (_next + 1) % Timers;
        _wheel!.Arm(_next, DeadlineOf(_next + (int)(_now.Nanoseconds & 1023)));
    }

    /// <summary>What a turn of the loop does: time passes a little, and what is due is armed again.</summary>
    [Benchmark]
    public int Advance()
    {
        _now += 10 * Instant.Microsecond;
        int fired = 0;
        while (_wheel!.TryExpire(_now, out int id))
        {
            _wheel.Arm(id, DeadlineOf(id));
            fired++;
        }

        return fired;
    }

    /// <summary>5 to 305 ms ahead, as probe time-outs and idle time-outs are, spread by the timer's number.</summary>
    private Instant DeadlineOf(int id) => _now + (5 * Instant.Millisecond) + (id * 7919L % 300_000 * Instant.Microsecond);
}
