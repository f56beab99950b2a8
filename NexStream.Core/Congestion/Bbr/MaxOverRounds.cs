using System.Runtime.CompilerServices;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>The largest value of the last round trips: one maximum per round, so it is exact.</summary>
internal struct MaxOverRounds
{
    // A window of ten rounds holds what is up to ten rounds old: eleven with the present one.
    private const int SlotCount = BbrConstants.ExtraAckedFilterRounds + 1;

    private Slots _slots;
    private long _round;

    /// <summary>Takes a value that is not negative. The present round never falls.</summary>
    public void Update(long round, long value)
    {
        long passed = Math.Min(round - _round, SlotCount);
        for (long i = 1; i <= passed; i++)
        {
            _slots[(int)((_round + i) % SlotCount)] = 0;
        }

        // After a jump of more than a window every slot has been emptied, whichever they were.
        _round = round;
        ref long slot = ref _slots[(int)(round % SlotCount)];
        slot = Math.Max(slot, value);
    }

    /// <summary>The largest value that is at most so many rounds old.</summary>
    /// <param name="rounds">At most <see cref="BbrConstants.ExtraAckedFilterRounds"/>.</param>
    public readonly long Max(int rounds)
    {
        long max = 0;
        for (int age = 0; age <= rounds && age <= _round; age++)
        {
            max = Math.Max(max, _slots[(int)((_round - age) % SlotCount)]);
        }

        return max;
    }

    [InlineArray(SlotCount)]
    private struct Slots
    {
        private long _first;
    }
}
