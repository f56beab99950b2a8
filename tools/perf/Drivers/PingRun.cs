using System.Diagnostics;
using HdrHistogram;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Driver.Threads;
using NexStream.Perf.Probes;

namespace NexStream.Perf.Drivers;

/// <summary>Round trips of one frame: it goes, comes back, and the next one leaves. Both sides spin.</summary>
public static class PingRun
{
    private const double WarmUpSeconds = 1;

    /// <summary>Measures over loop, shm or udp.</summary>
    /// <exception cref="LinkException">The link cannot be set up.</exception>
    public static LatencyResult Run(PerfOptions options, string link)
    {
        PerfOptions one = options with { Streams = 1, IdleStreams = 0, Mode = TransportMode.ReliableOrdered };
        return link == "shm" ? OverShm(one) : OverLoop(one, link);
    }

    private static LatencyResult OverLoop(PerfOptions options, string link)
    {
        using var pair = new LoopPair(options, LinkPreference.Any, echoes: true, isUdp: link == "udp");
        LongHistogram times = Measure(options, pair.Ping, static () => false);
        return LatencyResult.Of("round trip", link, options.FrameBytes, times) with { Native = pair.IsNative };
    }

    private static LatencyResult OverShm(PerfOptions options)
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Native);
        double? before = CacheLineProbe.RoundTripNs();
        using var child = new ConsumerProcess(options, isPing: true);
        using var end = new DriverEnd(library, options, DriverEnd.SenderNode);
        var sender = new DriverSender(options, end);
        sender.Attach(child.Connect(library, end.Memory));
        _ = CoreAffinity.TryPin(0);
        while (!sender.IsReady && !sender.IsPeerLost)
        {
            sender.Turn(MonotonicClock.Now, 0);
        }

        LongHistogram times = Measure(options, sender.Ping, () => sender.IsPeerLost);
        sender.Close();
        while (!sender.IsPeerLost)
        {
            sender.Turn(MonotonicClock.Now, 0);
        }

        return LatencyResult.Of("round trip", "shm", options.FrameBytes, times) with
        {
            Native = library.IsNative,
            CachelineRttNs = before,
            CachelineRttNsAfter = CacheLineProbe.RoundTripNs(),
        };
    }

    private static LongHistogram Measure(PerfOptions options, Action ping, Func<bool> isOver)
    {
        var times = new LongHistogram(Instant.Second, 3);
        long begin = Stopwatch.GetTimestamp();
        for (double elapsed = 0; elapsed < WarmUpSeconds + options.Seconds && !isOver(); elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds)
        {
            long sent = Stopwatch.GetTimestamp();
            ping();
            if (elapsed > WarmUpSeconds)
            {
                times.RecordValue((long)Stopwatch.GetElapsedTime(sent).TotalNanoseconds);
            }
        }

        return times;
    }
}
