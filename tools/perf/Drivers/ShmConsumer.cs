using System.Text.Json;
using NexStream.Core;
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

    private readonly byte[] _echo = new byte[options.FrameBytes];

    /// <summary>Serves the sender.</summary>
    /// <exception cref="LinkException">Nobody came.</exception>
    public void Run()
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Native);
        using LinkListener listener = library.Listen(name);
        using var end = new DriverEnd(library, options, DriverEnd.ReceiverNode);
        var receiver = new DriverReceiver(options, end) { OnReadable = isPing ? Echo : null };
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

    private void Echo(StreamHandle stream)
    {
        for (ReceiveResult result = stream.Receive(_echo); result.Status == CallStatus.Ok; result = stream.Receive(_echo))
        {
            stream.Send(_echo.AsSpan(0, result.Bytes));
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
