namespace NexStream.Core.Multipath;

/// <summary>Each packet of reliable data goes on the fastest path that has room, and again on every other that has.</summary>
internal sealed class RedundantPaths : IPathScheduler
{
    public const string SchedulerName = "redundant";

    public string Name => SchedulerName;

    public bool SendsCopies => true;

    public void Reset()
    {
        // It remembers nothing.
    }

    public int Choose(ReadOnlySpan<PathView> paths, in PathDemand demand) => LowestRtt.Lowest(paths, mustSend: true);
}
