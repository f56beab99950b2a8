namespace NexStream.Core.Multipath;

/// <summary>
/// Takes the path with the lowest round-trip time that has room. When the fastest has none, the next is taken only if a packet arrives there before the fastest
/// path would have delivered all that waits: the last bytes of a stream do not end on a slow path while the fast one falls idle (the idea of ECF, Lim et al. 2017,
/// and of BLEST, Ferlin et al. 2016).
/// </summary>
internal sealed class LowestRtt : IPathScheduler
{
    public const string SchedulerName = "lowest_rtt";

    public string Name => SchedulerName;

    public void Reset()
    {
        // It remembers nothing.
    }

    public int Choose(ReadOnlySpan<PathView> paths, in PathDemand demand)
    {
        int fastest = Lowest(paths, mustSend: false);
        if (paths[fastest].CanSend)
        {
            return fastest;
        }

        int next = Lowest(paths, mustSend: true);
        return next >= 0 && IsWorthwhile(paths[fastest], paths[next], demand.QueuedBytes) ? next : IPathScheduler.Wait;
    }

    /// <summary>The index of the path with the lowest round-trip time, of all or of those that can send; -1: none.</summary>
    internal static int Lowest(ReadOnlySpan<PathView> paths, bool mustSend)
    {
        int lowest = -1;
        for (int i = 0; i < paths.Length; i++)
        {
            if ((!mustSend || paths[i].CanSend) && (lowest < 0 || paths[i].SmoothedRttNs < paths[lowest].SmoothedRttNs))
            {
                lowest = i;
            }
        }

        return lowest;
    }

    private static bool IsWorthwhile(in PathView fast, in PathView slow, long queuedBytes)
    {
        // A window each round trip is what the fast path delivers at least.
        long roundNs = Math.Max(fast.SmoothedRttNs, 1);
        Int128 queueNs = (Int128)queuedBytes * roundNs / Math.Max(fast.Window, 1);
        return slow.SmoothedRttNs / 2 <= queueNs + (fast.SmoothedRttNs / 2) + slow.RttVarianceNs;
    }
}
