using System.Diagnostics;
using HdrHistogram;
using NexStream.Core.Primitives;
using NexStream.Perf.Probes;

namespace NexStream.Perf.Memory;

/// <summary>Measures the pure core: two endpoints on one thread.</summary>
public static class MemoryRun
{
    /// <summary>A slice of the run: long against the clock's own cost, short enough that a median over many of them sheds what a neighbour disturbs.</summary>
    private const double SliceMs = 20;

    /// <summary>Before anything is measured: the just-in-time compiler's second pass, and the caches.</summary>
    private const double WarmUpSeconds = 1;

    /// <summary>Enough that the slowest thousandth is ten thousand frames.</summary>
    private const long HistogramFrames = 10_000_000;

    /// <summary>Moves so many frames and measures nothing: for counting instructions. Returns the data frames handed over.</summary>
    public static long Move(PerfOptions options, long frames)
    {
        var pair = new MemoryPair(options);
        while (pair.DataFrames < frames)
        {
            pair.Turn();
        }

        return pair.DataFrames;
    }

    /// <summary>Measures as long as the options say, then once more with a clock around each phase.</summary>
    public static PerfResult Run(PerfOptions options)
    {
        var pair = new MemoryPair(options);
        Spend(pair, WarmUpSeconds);
        var slices = new List<double>((int)(options.Seconds * 1000 / SliceMs) + 1);
        long startBytes = pair.BytesRead;
        long startAcks = pair.Acknowledgements;
        long allocated = 0;
        for (long begin = Stopwatch.GetTimestamp(); slices.Count < slices.Capacity && Stopwatch.GetElapsedTime(begin).TotalSeconds < options.Seconds;)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            slices.Add(pair.TurnFor(SliceMs));
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        double delivered = (double)(pair.BytesRead - startBytes) / options.FrameBytes;
        double acks = (pair.Acknowledgements - startAcks) / delivered;
        slices.Sort();
        double ns = slices[slices.Count / 2];
        int copies = (options.ZeroCopy ? 0 : 2) + (options.WireCopy ? 1 : 0);
        double memcpy = MemoryCopyProbe.GigabytesPerSecond(options.FrameBytes, options.Window * options.FrameBytes);
        return new PerfResult
        {
            Mode = ShortName(options.Mode),
            Link = "memory",
            FrameBytes = options.FrameBytes,
            Streams = options.Streams,
            NsPerDataFrame = ns,
            NsPerDataFrameMin = slices[0],
            NsPerDataFrameMax = slices[^1],
            FramesPerS = Instant.Second / ns,
            GoodputGbps = options.FrameBytes * 8 / ns,
            AcksPerData = acks,
            AllocatedBytes = allocated,
            MemcpyGbytesS = memcpy,
            CopiesPerByte = copies,
            RatioToLimit = options.FrameBytes / ns / (memcpy / Math.Max(copies, 1)),
            Native = false,
            Split = Split(options),
        };
    }

    /// <summary>Times the receiver's call for each data frame by itself. Values are nanoseconds, less what reading the clock costs.</summary>
    public static LatencyResult ReceiveTimes(PerfOptions options, long frames = HistogramFrames)
    {
        var pair = new MemoryPair(options);
        Spend(pair, WarmUpSeconds);
        double clockNs = ClockNs();
        var histogram = new LongHistogram(Instant.Second, 3);
        for (long done = 0; done < frames;)
        {
            pair.BeginTurn();
            pair.Produce();
            pair.Transmit();
            int count = pair.BurstCount;
            for (int i = 0; i < count; i++)
            {
                long begin = Stopwatch.GetTimestamp();
                pair.DeliverOne(i);
                double ns = Stopwatch.GetElapsedTime(begin).TotalNanoseconds - clockNs;
                histogram.RecordValue(Math.Max((long)ns, 0));
            }

            pair.Consume();
            pair.Acknowledge();
            pair.Timers();
            done += count;
        }

        return LatencyResult.Of("the receiver's call for a data frame", "memory", options.FrameBytes, histogram);
    }

    /// <summary>The name of a mode in options and results.</summary>
    public static string ShortName(TransportMode mode) => mode switch
    {
        TransportMode.ReliableOrdered => "ro",
        TransportMode.ReliableUnordered => "ru",
        TransportMode.BestEffort => "be",
        _ => "pr",
    };

    private static void Spend(MemoryPair pair, double seconds)
    {
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds;)
        {
            pair.Turn();
        }
    }

    private static PerfPhases Split(PerfOptions options)
    {
        const int Phases = 5;
        var pair = new MemoryPair(options);
        Spend(pair, WarmUpSeconds);
        double clockNs = ClockNs();
        long[] ticks = new long[Phases];
        long bytes = pair.BytesRead;
        long turns = 0;
        long bursts = 0;
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalSeconds < Math.Max(options.Seconds / 2, WarmUpSeconds); turns++)
        {
            pair.BeginTurn();
            long t0 = Stopwatch.GetTimestamp();
            for (int left = options.Window; left > 0; left -= options.FramesPerBurst)
            {
                pair.Produce(Math.Min(left, options.FramesPerBurst));
                long t1 = Stopwatch.GetTimestamp();
                pair.Transmit();
                long t2 = Stopwatch.GetTimestamp();
                pair.Deliver();
                long t3 = Stopwatch.GetTimestamp();
                pair.Consume();
                long t4 = Stopwatch.GetTimestamp();
                ticks[0] += t1 - t0 + t4 - t3;
                ticks[1] += t2 - t1;
                ticks[2] += t3 - t2;
                t0 = t4;
                bursts++;
            }

            pair.Acknowledge();
            long t5 = Stopwatch.GetTimestamp();
            pair.Timers();
            long t6 = Stopwatch.GetTimestamp();
            ticks[3] += t5 - t0;
            ticks[4] += t6 - t5;
        }

        double frames = (double)(pair.BytesRead - bytes) / options.FrameBytes;
        double NsOf(int phase, long readings) => Math.Max((ticks[phase] * (double)Instant.Second / Stopwatch.Frequency) - (readings * clockNs), 0) / frames;
        return new PerfPhases(NsOf(0, 2 * bursts), NsOf(1, bursts), NsOf(2, bursts), NsOf(3, turns), NsOf(4, turns));
    }

    /// <summary>What reading the clock costs.</summary>
    private static double ClockNs()
    {
        const int Readings = 100_000;
        double best = double.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            for (int i = 0; i < Readings; i++)
            {
                _ = Stopwatch.GetTimestamp();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalNanoseconds / Readings);
        }

        return best;
    }
}
