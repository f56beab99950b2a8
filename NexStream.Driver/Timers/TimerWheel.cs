using System.Numerics;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Timers;

/// <summary>
/// A hierarchical timing wheel (Varghese and Lauck 1987, scheme 7) with cascading, as Linux had it in kernel/time/timer.c before 4.8:
/// eleven levels of 64 slots, the slots of a level 64 times as wide as those of the level below, so that every instant has a place and
/// there is no overflow list. Arming, re-arming and cancelling are O(1); an occupancy bitmap for each level makes finding the next
/// deadline and advancing over empty time O(levels), however long nothing happened. It allocates nothing after construction and has
/// no thread: a timer is a number from 0 to the capacity, and the caller says what time it is.
/// </summary>
/// <remarks>
/// A timer's place depends only on where its tick differs from the wheel's position: the highest group of six bits that differs is the
/// level, the group's value the slot. Everything on a level is therefore earlier than anything on the level above, no slot wraps
/// around, and a timer moves down at most ten times before it fires.
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed class TimerWheel
{
    /// <summary>The default width of a tick: about a microsecond, the finest that a polling loop can keep.</summary>
    public const long DefaultTickNs = 1024;

    /// <summary>
    /// The most timers that one call moves down a level. It bounds a call to some ten microseconds even when a million timers share a
    /// slot; what is left is moved by the next calls.
    /// </summary>
    public const int MovesPerCall = 256;

    private const int SlotBits = 6;
    private const int SlotsPerLevel = 1 << SlotBits;
    private const int SlotMask = SlotsPerLevel - 1;

    /// <summary>Eleven groups of six bits hold every 64-bit tick.</summary>
    private const int LevelCount = 11;

    private const int None = -1;

    private readonly Timer[] _timers;
    private readonly int[] _heads = new int[LevelCount * SlotsPerLevel];

    /// <summary>For each slot a lower bound of its deadlines: exact until a timer leaves it early.</summary>
    private readonly long[] _earliest = new long[LevelCount * SlotsPerLevel];

    private readonly ulong[] _occupied = new ulong[LevelCount];
    private readonly int _tickShift;
    private readonly long _start;
    private uint _occupiedLevels;
    private ulong _position;
    private ulong _nowTick;
    private int _cascading = None;

    /// <summary>A wheel without armed timers.</summary>
    /// <param name="capacity">Timers; their numbers are 0 to <paramref name="capacity"/> - 1.</param>
    /// <param name="tickNs">Nanoseconds in a tick, rounded up to a power of two so that time becomes ticks by a shift.</param>
    /// <param name="start">Where the wheel stands. An earlier now counts as this one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is not positive, or the tick is not between 1 ns and 2^62 ns.</exception>
    public TimerWheel(int capacity, long tickNs = DefaultTickNs, Instant start = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tickNs, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tickNs, 1L << 62);
        _timers = new Timer[capacity];
        foreach (ref Timer timer in _timers.AsSpan())
        {
            timer.Slot = None;
        }

        Array.Fill(_heads, None);
        Array.Fill(_earliest, long.MaxValue);
        _tickShift = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((ulong)tickNs));
        _start = start.Nanoseconds;
    }

    /// <summary>Timers that the wheel can hold.</summary>
    public int Capacity => _timers.Length;

    /// <summary>Timers that are armed.</summary>
    public int Count { get; private set; }

    /// <summary>Nanoseconds in a tick: a timer fires at the first call whose now is at the tick that ends at or after its deadline.</summary>
    public long TickNs => 1L << _tickShift;

    /// <summary>
    /// Never later than the earliest armed deadline, and <see cref="Instant.Never"/> when none is armed. It is that deadline exactly,
    /// unless an earlier timer of the same slot was cancelled or re-armed: then it may be that timer's former deadline.
    /// </summary>
    /// <remarks>
    /// A caller that sleeps should sleep until <see cref="NextDeadline"/> + <see cref="TickNs"/>: a call of <see cref="TryExpire"/> then
    /// always gets on (it fires something, or replaces a former deadline by a later one), where one up to a tick earlier may find nothing to do.
    /// </remarks>
    public Instant NextDeadline
    {
        get
        {
            long earliest = _cascading == None ? long.MaxValue : _earliest[_cascading];
            if (_occupiedLevels != 0)
            {
                earliest = Math.Min(earliest, _earliest[FirstSlot(out _)]);
            }

            return new(earliest);
        }
    }

    /// <summary>
    /// Arms timer <paramref name="id"/>, or moves it if it is armed. A deadline that has passed fires at the next
    /// <see cref="TryExpire"/>; <see cref="Instant.Never"/> cancels.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such timer.</exception>
    public void Arm(int id, Instant deadline)
    {
        ThrowIfUnknown(id);
        ref Timer timer = ref _timers[id];
        if (timer.Slot != None)
        {
            if (timer.Deadline == deadline.Nanoseconds)
            {
                return;
            }

            Unlink(id, ref timer);
            Count--;
        }

        if (deadline != Instant.Never)
        {
            timer.Deadline = deadline.Nanoseconds;
            Link(id, ref timer);
            Count++;
        }
    }

    /// <summary>Disarms timer <paramref name="id"/>. False: it was not armed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such timer.</exception>
    public bool Cancel(int id)
    {
        ThrowIfUnknown(id);
        ref Timer timer = ref _timers[id];
        if (timer.Slot == None)
        {
            return false;
        }

        Unlink(id, ref timer);
        Count--;
        return true;
    }

    /// <summary>Whether timer <paramref name="id"/> is armed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such timer.</exception>
    public bool IsArmed(int id)
    {
        ThrowIfUnknown(id);
        return _timers[id].Slot != None;
    }

    /// <summary>
    /// Takes the next timer that is due at <paramref name="now"/>, which is disarmed by that. Call until it answers false. Timers come in
    /// the order of their deadlines, up to one tick, and none before its deadline; one armed after its deadline has passed comes as if its
    /// deadline were the tick at which the wheel stands. A now earlier than one seen before counts as that one.
    /// </summary>
    /// <param name="now">The current time.</param>
    /// <param name="id">The timer that fired.</param>
    /// <returns>
    /// False: nothing is due; or this call has moved <see cref="MovesPerCall"/> timers and there are more, in which case
    /// <see cref="NextDeadline"/> is not later than the earliest of them, so that a caller who looks at it comes back in time.
    /// </returns>
    public bool TryExpire(Instant now, out int id)
    {
        _nowTick = Math.Max(_nowTick, FloorTick(now.Nanoseconds));
        int movesLeft = MovesPerCall;
        while (true)
        {
            if (_cascading != None && !Cascade(ref movesLeft))
            {
                break;
            }

            if (_occupiedLevels == 0)
            {
                _position = _nowTick;
                break;
            }

            int slot = FirstSlot(out int level);
            ulong first = FirstTick(level, slot);
            if (first > _nowTick)
            {
                // No slot begins before now: the wheel may stand at now, and every timer keeps its place.
                _position = _nowTick;
                break;
            }

            // All levels below are empty, so nothing is skipped.
            _position = first;
            if (level == 0)
            {
                id = _heads[slot];
                Unlink(id, ref _timers[id]);
                Count--;
                return true;
            }

            _cascading = slot;
        }

        id = None;
        return false;
    }

    /// <summary>Moves the timers of the slot at which the wheel stands to lower levels. False: some are left for the next call.</summary>
    private bool Cascade(ref int movesLeft)
    {
        while (_heads[_cascading] != None)
        {
            if (movesLeft-- == 0)
            {
                return false;
            }

            int id = _heads[_cascading];
            ref Timer timer = ref _timers[id];
            Unlink(id, ref timer);
            Link(id, ref timer);
        }

        _cascading = None;
        return true;
    }

    private void Link(int id, ref Timer timer)
    {
        ulong tick = Math.Max(CeilingTick(timer.Deadline), _position);
        int level = BitOperations.Log2((tick ^ _position) | SlotMask) / SlotBits;
        int slot = (level << SlotBits) | (int)((tick >> (level * SlotBits)) & SlotMask);
        timer.Slot = slot;
        ref int head = ref _heads[slot];
        if (head == None)
        {
            head = id;
            timer.Next = id;
            timer.Previous = id;
            _occupied[level] |= 1UL << (slot & SlotMask);
            _occupiedLevels |= 1U << level;
        }
        else
        {
            // The lists are circular: what is armed first comes first.
            int last = _timers[head].Previous;
            timer.Next = head;
            timer.Previous = last;
            _timers[last].Next = id;
            _timers[head].Previous = id;
        }

        _earliest[slot] = Math.Min(_earliest[slot], timer.Deadline);
    }

    private void Unlink(int id, ref Timer timer)
    {
        int slot = timer.Slot;
        timer.Slot = None;
        if (timer.Next != id)
        {
            _timers[timer.Previous].Next = timer.Next;
            _timers[timer.Next].Previous = timer.Previous;
            if (_heads[slot] == id)
            {
                _heads[slot] = timer.Next;
            }

            return;
        }

        _heads[slot] = None;
        _earliest[slot] = long.MaxValue;
        int level = slot >> SlotBits;
        _occupied[level] &= ~(1UL << (slot & SlotMask));
        if (_occupied[level] == 0)
        {
            _occupiedLevels &= ~(1U << level);
        }
    }

    /// <summary>The earliest slot that has timers.</summary>
    private int FirstSlot(out int level)
    {
        level = BitOperations.TrailingZeroCount(_occupiedLevels);
        return (level << SlotBits) | BitOperations.TrailingZeroCount(_occupied[level]);
    }

    /// <summary>The first tick of a slot: the position's groups above the level, the slot's number, and zeros below.</summary>
    private ulong FirstTick(int level, int slot)
    {
        int shift = level * SlotBits;
        ulong above = shift + SlotBits < 64 ? _position >> (shift + SlotBits) << (shift + SlotBits) : 0;
        return above | ((ulong)(slot & SlotMask) << shift);
    }

    private ulong FloorTick(long ns) => ns <= _start ? 0 : unchecked((ulong)ns - (ulong)_start) >> _tickShift;

    private ulong CeilingTick(long ns) => ns <= _start ? 0 : (unchecked((ulong)ns - (ulong)_start - 1) >> _tickShift) + 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ThrowIfUnknown(int id) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)id), (uint)_timers.Length, nameof(id));

    private struct Timer
    {
        public long Deadline;
        public int Next;
        public int Previous;
        public int Slot;
    }
}
