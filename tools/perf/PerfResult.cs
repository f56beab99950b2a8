namespace NexStream.Perf;

/// <summary>What a run came to. Times are nanoseconds for a data frame, both ends together.</summary>
public sealed record PerfResult
{
    /// <summary>ro, ru, be or pr.</summary>
    public required string Mode { get; init; }

    /// <summary>memory, loop, shm or udp.</summary>
    public required string Link { get; init; }

    /// <summary>Application bytes in a data frame.</summary>
    public required int FrameBytes { get; init; }

    /// <summary>Streams that carried data.</summary>
    public required int Streams { get; init; }

    /// <summary>Application bytes delivered, in 10^9 bits a second, in the median slice of the run.</summary>
    public required double GoodputGbps { get; init; }

    /// <summary>Data frames delivered a second, in the median slice.</summary>
    public required double FramesPerS { get; init; }

    /// <summary>The median slice.</summary>
    public required double NsPerDataFrame { get; init; }

    /// <summary>The best slice.</summary>
    public required double NsPerDataFrameMin { get; init; }

    /// <summary>The worst slice.</summary>
    public required double NsPerDataFrameMax { get; init; }

    /// <summary>Acknowledgements for a data frame.</summary>
    public required double AcksPerData { get; init; }

    /// <summary>Bytes that the measured part allocated on the managed heap.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>A copy of blocks of a frame's size through a working set of a window: 10^9 bytes a second.</summary>
    public required double MemcpyGbytesS { get; init; }

    /// <summary>How often the application's bytes are copied on their way.</summary>
    public required int CopiesPerByte { get; init; }

    /// <summary>Goodput as a part of what the copies alone would let through; without copies, of one copy's.</summary>
    public required double RatioToLimit { get; init; }

    /// <summary>A cache line's way between the two cores and back, before the run; null: the run used one core.</summary>
    public double? CachelineRttNs { get; init; }

    /// <summary>The same after the run.</summary>
    public double? CachelineRttNsAfter { get; init; }

    /// <summary>Whether nexlink-native carried the frames.</summary>
    public required bool Native { get; init; }

    /// <summary>Where the time goes, from a run of its own.</summary>
    public PerfPhases? Split { get; init; }
}

/// <summary>Where the time of a data frame goes, in nanoseconds, by a clock that is read around bursts of a window.</summary>
/// <param name="Application">Send and receive calls.</param>
/// <param name="Transmit">The sender writes packets.</param>
/// <param name="Receive">The receiver takes packets in.</param>
/// <param name="Acknowledge">The receiver writes acknowledgements, and the sender takes them in.</param>
/// <param name="Timers">Deadlines and time-outs.</param>
public sealed record PerfPhases(double Application, double Transmit, double Receive, double Acknowledge, double Timers);
