using System.Runtime.CompilerServices;

namespace NexStream.Core.Multipath;

/// <summary>
/// Sprays packets over the paths in proportion to their weights: each path that has room earns its weight with every packet, the richest one sends and pays what all
/// have earned. So the order is as even as it can be, and the same each time. A path without room earns nothing: the others take over.
/// </summary>
internal sealed class WeightedSpray : IPathScheduler
{
    public const string SchedulerName = "weighted";

    private Purses _purses;

    public string Name => SchedulerName;

    public void Reset() => _purses = default;

    public int Choose(ReadOnlySpan<PathView> paths, in PathDemand demand)
    {
        int richest = IPathScheduler.Wait;
        int earned = 0;
        for (int i = 0; i < paths.Length; i++)
        {
            ref readonly PathView path = ref paths[i];
            if (!path.CanSend)
            {
                continue;
            }

            earned += path.Weight;
            _purses[path.Slot] += path.Weight;
            if (richest < 0 || _purses[path.Slot] > _purses[paths[richest].Slot])
            {
                richest = i;
            }
        }

        if (richest >= 0)
        {
            _purses[paths[richest].Slot] -= earned;
        }

        return richest;
    }

    [InlineArray(PathView.SlotCount)]
    private struct Purses
    {
        private int _first;
    }
}
