using System.Text.Json;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Driver.Threads;

namespace NexStream.Perf.Drivers;

/// <summary>The process that receives: it waits for one sender, measures, tells, and ends.</summary>
public sealed class ShmConsumer(PerfOptions options, string name, bool isPing)
{
    /// <summary>The core that it runs on, where there is one: the sender has the first.</summary>
    private const int Core = 1;

    private const long AcceptTimeoutNs = 10 * Instant.Second;

    /// <summary>Serves the sender.</summary>
    /// <exception cref="LinkException">Nobody came.</exception>
    public void Run()
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Native);
        using LinkListener listener = library.Listen(name);
        using var end = new DriverEnd(library, options, DriverEnd.ReceiverNode);
        var receiver = new DriverReceiver(options, end) { OnReadable = isPing ? new Echo(options.FrameBytes).OnReadable : null };
        receiver.Attach(Accept(listener, end.Memory));
        _ = CoreAffinity.TryPin(Core);
        void Turn() => receiver.Turn(MonotonicClock.Now);
        if (!isPing)
        {
            Measurement measured = Measurement.Take(options, receiver, Turn);
            Console.Out.WriteLine(JsonSerializer.Serialize(measured, MeasurementContext.Default.Measurement));
            receiver.Connection.Abort(MonotonicClock.Now);
            Turn();
            return;
        }

        while (!receiver.IsOver)
        {
            Turn();
        }
    }

    private static Link Accept(LinkListener listener, LinkArena memory)
    {
        for (Instant begin = MonotonicClock.Now; MonotonicClock.Now - begin < AcceptTimeoutNs;)
        {
            if (listener.Accept(memory, DriverEnd.RingCapacity) is { } link)
            {
                return link;
            }

            Thread.Yield();
        }

        throw new LinkException($"No sender connected to \"{listener.Name}\" in {AcceptTimeoutNs / Instant.Second} s.");
    }
}
