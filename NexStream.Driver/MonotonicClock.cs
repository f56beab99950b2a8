using System.Diagnostics;
using NexStream.Core.Primitives;

namespace NexStream.Driver;

/// <summary>The machine's monotonic clock, for hosts that have no time of their own. The core never reads it.</summary>
public static class MonotonicClock
{
    /// <summary>The current instant, counted from an origin that is the same for all processes of this machine until it restarts.</summary>
    public static Instant Now
    {
        get
        {
            long ticks = Stopwatch.GetTimestamp();
            return Stopwatch.Frequency == Instant.Second ? new(ticks) : new((long)((Int128)ticks * Instant.Second / Stopwatch.Frequency));
        }
    }
}
