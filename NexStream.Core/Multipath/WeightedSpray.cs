using System.Runtime.CompilerServices;

namespace NexStream.Core.Multipath;

/// <summary>
/// Sprays packets over the paths in proportion to their weights: each has a clock that a packet moves on by the inverse of its weight, and the path whose clock is
/// behind goes next (start-time fair queueing, Goyal et al. 1996). So the order is even, and the same each time. A path that had no room is owed nothing: its
/// clock takes part again from where the others are.
/// </summary>
internal sealed class WeightedSpray : IPathScheduler
{
    public const string SchedulerName = "weighted";

    /// <summary>What a packet of weight 1 costs: with so many parts a weight of 255 is kept to one in four thousand.</summary>
    private const long PacketCost = 1 << 20;

    private Clocks _clocks;
    private long _latest;

    public string Name => SchedulerName;

    public void Reset()
    {
        _clocks = default;
        _latest = 0;
    }

    public int Choose(ReadOnlySpan<PathView> paths, in PathDemand demand)
    {
        int chosen = IPathScheduler.Wait;
        long least = long.MaxValue;
        for (int i = 0; i < paths.Length; i++)
        {
            long clock = Math.Max(_clocks[paths[i].Slot], _latest);
            if (paths[i].CanSend && clock < least)
            {
                least = clock;
                chosen = i;
            }
        }

        return chosen;
    }

    public void OnSent(int slot, byte weight)
    {
        _latest = Math.Max(_clocks[slot], _latest);
        _clocks[slot] = _latest + (PacketCost / Math.Max(weight, (byte)1));
    }

    [InlineArray(PathView.SlotCount)]
    private struct Clocks
    {
        private long _first;
    }
}
