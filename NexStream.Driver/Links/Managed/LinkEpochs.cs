namespace NexStream.Driver.Links.Managed;

/// <summary>Numbers that are unique among the managed links of this process.</summary>
internal static class LinkEpochs
{
    private static uint s_last;

    public static uint Next() => Interlocked.Increment(ref s_last);
}
