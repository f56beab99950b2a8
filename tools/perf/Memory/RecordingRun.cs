using System.Diagnostics;
using NexStream.Core.Tracing;
using NexStream.Replay;

namespace NexStream.Perf.Memory;

/// <summary>What recording costs.</summary>
public sealed record RecordingResult
{
    /// <summary>ro, ru, be or pr.</summary>
    public required string Mode { get; init; }

    /// <summary>Application bytes in a data frame.</summary>
    public required int FrameBytes { get; init; }

    /// <summary>Whether the payload is a pattern that the trace only names.</summary>
    public required bool Generated { get; init; }

    /// <summary>A data frame without recording, both ends together, in nanoseconds; the median slice.</summary>
    public required double NsPerDataFrame { get; init; }

    /// <summary>The same with both ends recorded, into memory that is written again and again.</summary>
    public required double RecordedNsPerDataFrame { get; init; }

    /// <summary>The second as a multiple of the first: the median over pairs of slices that were measured one behind the other.</summary>
    public required double Ratio { get; init; }

    /// <summary>Bytes of both traces for each data frame.</summary>
    public required double TraceBytesPerDataFrame { get; init; }

    /// <summary>Bytes that recording allocated.</summary>
    public required long AllocatedBytes { get; init; }
}

/// <summary>Measures the same work with and without recording, in turn, so that what disturbs the machine disturbs both.</summary>
public static class RecordingRun
{
    private const double SliceMs = 20;
    private const double WarmUpMs = 1000;

    /// <summary>Measures as long as the options say.</summary>
    public static RecordingResult Run(PerfOptions options)
    {
        var sink = new Sink();
        var plain = new MemoryPair(options);
        var recorded = new MemoryPair(options, () => new TraceRecorder(sink, generators: [new WordPattern(0)]));
        plain.TurnFor(WarmUpMs);
        recorded.TurnFor(WarmUpMs);
        var times = new List<(double Plain, double Recorded)>();
        long bytes = recorded.BytesRead;
        long traced = sink.Bytes;
        long allocated = 0;
        for (long begin = Stopwatch.GetTimestamp(); times.Count == 0 || Stopwatch.GetElapsedTime(begin).TotalSeconds < options.Seconds;)
        {
            double without = plain.TurnFor(SliceMs);
            long before = GC.GetAllocatedBytesForCurrentThread();
            double with = recorded.TurnFor(SliceMs);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            times.Add((without, with));
        }

        return new RecordingResult
        {
            Mode = MemoryRun.ShortName(options.Mode),
            FrameBytes = options.FrameBytes,
            Generated = options.Touch,
            NsPerDataFrame = Median(times.Select(time => time.Plain)),
            RecordedNsPerDataFrame = Median(times.Select(time => time.Recorded)),
            Ratio = Median(times.Select(time => time.Recorded / time.Plain)),
            TraceBytesPerDataFrame = (sink.Bytes - traced) / ((recorded.BytesRead - bytes) / (double)options.FrameBytes),
            AllocatedBytes = allocated,
        };
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>Takes a trace as a file would, without the file.</summary>
    private sealed class Sink : ITraceSink
    {
        private readonly byte[] _last = new byte[1 << 17];

        public long Bytes { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_last);
            Bytes += bytes.Length;
        }
    }
}
