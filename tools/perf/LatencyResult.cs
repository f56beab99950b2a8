using HdrHistogram;

namespace NexStream.Perf;

/// <summary>How long single things took.</summary>
public sealed record LatencyResult
{
    /// <summary>What was timed.</summary>
    public required string What { get; init; }

    /// <summary>memory, loop, shm or udp.</summary>
    public required string Link { get; init; }

    /// <summary>Application bytes in a frame.</summary>
    public required int FrameBytes { get; init; }

    /// <summary>How many were timed.</summary>
    public required long Count { get; init; }

    /// <summary>The median, in nanoseconds.</summary>
    public required long P50Ns { get; init; }

    /// <summary>99 of 100 took no longer, in nanoseconds.</summary>
    public required long P99Ns { get; init; }

    /// <summary>999 of 1000 took no longer, in nanoseconds.</summary>
    public required long P999Ns { get; init; }

    /// <summary>The longest, in nanoseconds.</summary>
    public required long MaxNs { get; init; }

    /// <summary>The mean, in nanoseconds.</summary>
    public required double MeanNs { get; init; }

    /// <summary>A cache line's way between the two cores and back, before the run; null: the run used one core.</summary>
    public double? CachelineRttNs { get; init; }

    /// <summary>The same after the run.</summary>
    public double? CachelineRttNsAfter { get; init; }

    /// <summary>Whether nexlink-native carried the frames.</summary>
    public bool Native { get; init; }

    internal static LatencyResult Of(string what, string link, int frameBytes, LongHistogram times) => new()
    {
        What = what,
        Link = link,
        FrameBytes = frameBytes,
        Count = times.TotalCount,
        P50Ns = times.GetValueAtPercentile(50),
        P99Ns = times.GetValueAtPercentile(99),
        P999Ns = times.GetValueAtPercentile(99.9),
        MaxNs = times.GetMaxValue(),
        MeanNs = times.GetMean(),
    };
}
