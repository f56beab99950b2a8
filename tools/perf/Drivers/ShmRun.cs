using System.Text.Json;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Driver.Threads;
using NexStream.Perf.Probes;

namespace NexStream.Perf.Drivers;

/// <summary>Two processes on two cores over shared memory: this one sends, the one that it starts receives and measures.</summary>
public static class ShmRun
{
    /// <summary>Measures.</summary>
    /// <exception cref="LinkException">There is no native library, or the other process did not come.</exception>
    public static PerfResult Run(PerfOptions options)
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Native);
        double? before = CacheLineProbe.RoundTripNs();
        using var child = new ConsumerProcess(options, isPing: false);
        using var end = new DriverEnd(library, options, DriverEnd.SenderNode);
        var sender = new DriverSender(options, end);
        sender.Attach(child.Connect(library, end.Memory));
        _ = CoreAffinity.TryPin(0);
        while (!sender.IsPeerLost)
        {
            sender.Turn(MonotonicClock.Now, options.Window);
        }

        Measurement measured = JsonSerializer.Deserialize(child.ReadLine(), MeasurementContext.Default.Measurement)!;
        return measured.ToResult(options, "shm", library.IsNative, before, CacheLineProbe.RoundTripNs());
    }
}
