using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

namespace NexStream.Perf.Drivers;

/// <summary>Both ends on one thread, each with its driver, through the link layer's function table.</summary>
public static class LoopRun
{
    /// <summary>Measures.</summary>
    /// <exception cref="LinkException">There is no memory for the link.</exception>
    public static PerfResult Run(PerfOptions options)
    {
        LinkLibrary library = LinkLibrary.Load();
        using var sending = new DriverEnd(library, options, DriverEnd.SenderNode);
        using var receiving = new DriverEnd(library, options, DriverEnd.ReceiverNode);
        var sender = new DriverSender(options, sending);
        var receiver = new DriverReceiver(options, receiving);
        (Link a, Link b) = library.CreateLoop(sending.Memory, receiving.Memory, DriverEnd.RingCapacity);
        sender.Attach(a);
        receiver.Attach(b);
        Measurement measured = Measurement.Take(options, receiver, () =>
        {
            Instant now = MonotonicClock.Now;
            sender.Turn(now, options.Window);
            receiver.Turn(now);
        });
        return measured.ToResult(options, "loop", library.IsNative, before: null, after: null);
    }
}
