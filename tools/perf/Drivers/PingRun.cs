using System.Diagnostics;
using HdrHistogram;
using NexStream.Core;
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

    /// <summary>Measures over loop or shm.</summary>
    /// <exception cref="LinkException">The link cannot be set up.</exception>
    public static LatencyResult Run(PerfOptions options, string link)
    {
        PerfOptions one = options with { Streams = 1, IdleStreams = 0, Mode = TransportMode.ReliableOrdered };
        return link == "shm" ? OverShm(one) : OverLoop(one);
    }

    private static LatencyResult OverLoop(PerfOptions options)
    {
        LinkLibrary library = LinkLibrary.Load();
        using var sending = new DriverEnd(library, options, DriverEnd.SenderNode);
        using var receiving = new DriverEnd(library, options, DriverEnd.ReceiverNode);
        var sender = new DriverSender(options, sending);
        byte[] echo = new byte[options.FrameBytes];
        var receiver = new DriverReceiver(options, receiving)
        {
            OnReadable = stream =>
            {
                for (ReceiveResult result = stream.Receive(echo); result.Status == CallStatus.Ok; result = stream.Receive(echo))
                {
                    stream.Send(echo.AsSpan(0, result.Bytes));
                }
            },
        };
        (Link a, Link b) = library.CreateLoop(sending.Memory, receiving.Memory, DriverEnd.RingCapacity);
        sender.Attach(a);
        receiver.Attach(b);
        LongHistogram times = Measure(options, sender, () => receiver.Turn(MonotonicClock.Now));
        return LatencyResult.Of("round trip", "loop", options.FrameBytes, times) with { Native = library.IsNative };
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
        LongHistogram times = Measure(options, sender, static () => { });
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

    private static LongHistogram Measure(PerfOptions options, DriverSender sender, Action other)
    {
        var times = new LongHistogram(Instant.Second, 3);
        byte[] data = new byte[options.FrameBytes];
        while (!sender.IsReady && !sender.IsPeerLost)
        {
            sender.Turn(MonotonicClock.Now, 0);
            other();
        }

        long begin = Stopwatch.GetTimestamp();
        for (double elapsed = 0; elapsed < WarmUpSeconds + options.Seconds && !sender.IsPeerLost; elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds)
        {
            long sent = Stopwatch.GetTimestamp();
            sender.First.Send(data);
            for (int got = 0; got < data.Length && !sender.IsPeerLost;)
            {
                sender.Turn(MonotonicClock.Now, 0);
                other();
                for (ReceiveResult result = sender.First.Receive(data); result.Status == CallStatus.Ok; result = sender.First.Receive(data))
                {
                    got += result.Bytes;
                }
            }

            if (elapsed > WarmUpSeconds)
            {
                times.RecordValue((long)Stopwatch.GetElapsedTime(sent).TotalNanoseconds);
            }
        }

        return times;
    }
}
