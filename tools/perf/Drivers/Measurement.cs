using System.Diagnostics;
using NexStream.Core.Primitives;
using NexStream.Perf.Memory;
using NexStream.Perf.Probes;

namespace NexStream.Perf.Drivers;

/// <summary>What a receiving end saw in slices of time, and what that makes.</summary>
public sealed record Measurement(double NsPerDataFrame, double NsPerDataFrameMin, double NsPerDataFrameMax, double AcksPerData, long AllocatedBytes)
{
    private const double SliceMs = 20;
    private const double WarmUpSeconds = 1;

    /// <summary>Turns a pair, or one end of it, until the time is up.</summary>
    internal static Measurement Take(PerfOptions options, DriverReceiver receiver, Action turn)
    {
        for (long begin = Stopwatch.GetTimestamp(); (Stopwatch.GetElapsedTime(begin).TotalSeconds < WarmUpSeconds || receiver.Bytes == 0) && !receiver.IsOver;)
        {
            turn();
        }

        var slices = new List<double>((int)(options.Seconds * 1000 / SliceMs) + 1);
        long startBytes = receiver.Bytes;
        ulong startAcks = receiver.Connection.Statistics.AcknowledgementsSent;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (long begin = Stopwatch.GetTimestamp(); slices.Count < slices.Capacity && Stopwatch.GetElapsedTime(begin).TotalSeconds < options.Seconds && !receiver.IsOver;)
        {
            long bytes = receiver.Bytes;
            long sliceBegin = Stopwatch.GetTimestamp();
            TimeSpan elapsed;
            do
            {
                turn();
                elapsed = Stopwatch.GetElapsedTime(sliceBegin);
            }
            while (elapsed.TotalMilliseconds < SliceMs);
            slices.Add(elapsed.TotalNanoseconds * options.FrameBytes / Math.Max(receiver.Bytes - bytes, 1));
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        double delivered = (double)(receiver.Bytes - startBytes) / options.FrameBytes;
        double acks = (receiver.Connection.Statistics.AcknowledgementsSent - startAcks) / Math.Max(delivered, 1);
        slices.Sort();
        return slices.Count == 0
            ? throw new InvalidDataException("The connection ended before anything was measured.")
            : new Measurement(slices[slices.Count / 2], slices[0], slices[^1], acks, allocated);
    }

    internal PerfResult ToResult(PerfOptions options, string link, bool isNative, double? before, double? after)
    {
        int copies = options.ZeroCopy ? 0 : 2;
        double memcpy = MemoryCopyProbe.GigabytesPerSecond(options.FrameBytes, options.Window * options.FrameBytes);
        return new PerfResult
        {
            Mode = MemoryRun.ShortName(options.Mode),
            Link = link,
            FrameBytes = options.FrameBytes,
            Streams = options.Streams,
            NsPerDataFrame = NsPerDataFrame,
            NsPerDataFrameMin = NsPerDataFrameMin,
            NsPerDataFrameMax = NsPerDataFrameMax,
            FramesPerS = Instant.Second / NsPerDataFrame,
            GoodputGbps = options.FrameBytes * 8 / NsPerDataFrame,
            AcksPerData = AcksPerData,
            AllocatedBytes = AllocatedBytes,
            MemcpyGbytesS = memcpy,
            CopiesPerByte = copies,
            RatioToLimit = options.FrameBytes / NsPerDataFrame / (memcpy / Math.Max(copies, 1)),
            CachelineRttNs = before,
            CachelineRttNsAfter = after,
            Native = isNative,
        };
    }
}
