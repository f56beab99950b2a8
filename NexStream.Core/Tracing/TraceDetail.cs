namespace NexStream.Core.Tracing;

/// <summary>How much a trace holds of what an endpoint gave back.</summary>
public enum TraceDetail : byte
{
    /// <summary>32 bits of a running hash after each call: replay finds the first call that gives something else.</summary>
    Hashes,

    /// <summary>Everything besides: replay can also say what it was before.</summary>
    Full,
}
