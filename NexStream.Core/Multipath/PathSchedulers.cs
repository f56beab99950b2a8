using System.Diagnostics.CodeAnalysis;

namespace NexStream.Core.Multipath;

/// <summary>The path schedulers that come with the library.</summary>
public static class PathSchedulers
{
    /// <summary>The default: the path with the lowest round-trip time that has room; a slower one only for what arrives there no later.</summary>
    public static IPathSchedulerFactory LowestRtt { get; } = new Factory(Multipath.LowestRtt.SchedulerName, static () => new LowestRtt());

    /// <summary>Each path gets packets by its weight, as far as its window lets them go (NS-PR-003).</summary>
    public static IPathSchedulerFactory Weighted { get; } = new Factory(WeightedSpray.SchedulerName, static () => new WeightedSpray());

    /// <summary>
    /// Reliable data goes on every path that has room for it, and the first copy counts: for little data that must not wait for a retransmission. Best-effort and
    /// probabilistic messages are sent once, because a best-effort one would be delivered twice; for probabilistic ones a group of one message with a repair
    /// for each (<c>new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 1)</c>) is the same, since repairs take another path.
    /// </summary>
    public static IPathSchedulerFactory Redundant { get; } = new Factory(RedundantPaths.SchedulerName, static () => new RedundantPaths());

    private static readonly IPathSchedulerFactory[] s_all = [LowestRtt, Weighted, Redundant];

    /// <summary>The scheduler of a name: "lowest_rtt", "weighted" or "redundant". Upper and lower case are the same.</summary>
    /// <param name="name">The name; an unknown one is no error.</param>
    /// <param name="factory">The factory, when there is one of that name.</param>
    public static bool TryGet(string name, [NotNullWhen(true)] out IPathSchedulerFactory? factory)
    {
        foreach (IPathSchedulerFactory candidate in s_all)
        {
            if (candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                factory = candidate;
                return true;
            }
        }

        factory = null;
        return false;
    }

    private sealed class Factory(string name, Func<IPathScheduler> create) : IPathSchedulerFactory
    {
        public string Name => name;

        public IPathScheduler Create() => create();
    }
}
