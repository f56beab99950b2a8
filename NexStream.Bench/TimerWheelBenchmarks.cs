using BenchmarkDotNet.Attributes;
using NexStream.Core.Primitives;
using NexStream.Driver.Timers;

namespace NexStream.Bench;

/// <summary>The timer wheel with a timer for each of many connections, beside what .NET has: a priority queue and its own timers.</summary>
[MemoryDiagnoser]
public class TimerWheelBenchmarks
{
    private readonly PriorityQueue<int, long> _queue = new();
    private TimerWheel? _wheel;
    private Timer[] _timers = [];
    private int _next;
    private int _queued;
    private Instant _now;

    [Params(1, 1000, 1_000_000)]
    public int Timers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _now = new Instant(Instant.Second);
        _wheel = new TimerWheel(Timers + 1, start: _now);
        _timers = new Timer[Timers];
        for (int i = 0; i < Timers; i++)
        {
            _wheel.Arm(i, DeadlineOf(i));
            _queue.Enqueue(i, DeadlineOf(i).Nanoseconds);
            _timers[i] = new Timer(static _ => { }, null, DueMs(i), Timeout.Infinite);
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (Timer timer in _timers)
        {
            timer.Dispose();
        }
    }

    /// <summary>One more timer is armed and cancelled among all that run.</summary>
    [Benchmark(OperationsPerInvoke = 2)]
    public bool ArmAndCancel()
    {
        _next = _next + 1 >= Timers ? 0 : _next + 1;
        _wheel!.Arm(Timers, DeadlineOf(_next));
        return _wheel.Cancel(Timers);
    }

    /// <summary>What an acknowledgement does: a timer that did not fire moves a little further. Each in turn, so that each is fetched from memory.</summary>
    [Benchmark]
    public void Rearm()
    {
        _next = _next + 1 >= Timers ? 0 : _next + 1;
        _wheel!.Arm(_next, DeadlineOf(_next + (int)(_now.Nanoseconds & 1023)));
    }

    /// <summary>What a turn of the loop does where nothing is due.</summary>
    [Benchmark]
    public bool AdvanceOverNothing() => _wheel!.TryExpire(_now, out _);

    /// <summary>A priority queue cannot cancel: the earliest goes and comes back later.</summary>
    [Benchmark]
    public void PriorityQueueDequeueEnqueue()
    {
        int id = _queue.Dequeue();
        _queue.Enqueue(id, DeadlineOf(id + ++_queued).Nanoseconds);
    }

    /// <summary>System.Threading.Timer, moved.</summary>
    [Benchmark]
    public bool TimerChange()
    {
        _next = _next + 1 >= Timers ? 0 : _next + 1;
        return _timers[_next].Change(DueMs(_next), Timeout.Infinite);
    }

    /// <summary>5 to 305 ms ahead, as probe time-outs and idle time-outs are, spread by the timer's number.</summary>
    private Instant DeadlineOf(int id) => _now + (5 * Instant.Millisecond) + (id * 7919L % 300_000 * Instant.Microsecond);

    // So late that none fires while the others are measured.
    private static int DueMs(int id) => 3_600_000 + (id % 300_000);
}
