using System.Net;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

namespace NexStream.Perf.Drivers;

/// <summary>Both ends on one thread, each with its driver, through the link layer's function table: over a loop, or over two sockets of this machine.</summary>
internal sealed class LoopPair : IDisposable
{
    private readonly PerfOptions _options;
    private readonly DriverEnd _sending;
    private readonly DriverEnd _receiving;
    private readonly DriverSender _sender;

    public LoopPair(PerfOptions options, LinkPreference preference, bool echoes, bool isUdp = false)
    {
        _options = options;
        LinkLibrary library = LinkLibrary.Load(preference);
        IsNative = library.IsNative;
        _sending = new DriverEnd(library, options, DriverEnd.SenderNode);
        _receiving = new DriverEnd(library, options, DriverEnd.ReceiverNode);
        _sender = new DriverSender(options, _sending);
        Receiver = new DriverReceiver(options, _receiving) { OnReadable = echoes ? new Echo(options.FrameBytes).OnReadable : null };
        if (isUdp)
        {
            UdpLink receiving = Open(library, _receiving);
            Receiver.AttachNetwork(receiving);
            _sender.AttachNetwork(Open(library, _sending), receiving.LocalEndPoint);
        }
        else
        {
            (Link a, Link b) = library.CreateLoop(_sending.Memory, _receiving.Memory, DriverEnd.RingCapacity);
            _sender.Attach(a);
            Receiver.Attach(b);
        }

        while (!_sender.IsReady)
        {
            Turn(0);
        }
    }

    /// <summary>Whether nexlink-native carries the frames.</summary>
    public bool IsNative { get; }

    /// <summary>The receiving end.</summary>
    public DriverReceiver Receiver { get; }

    /// <summary>One turn of both; <paramref name="frames"/>: the most that are handed over.</summary>
    public void Turn(int frames)
    {
        Instant now = MonotonicClock.Now;
        _sender.Turn(now, frames);
        Receiver.Turn(now);
    }

    /// <summary>One frame there and back.</summary>
    public void Ping()
    {
        _sender.SendPing();
        for (int got = 0; got < _options.FrameBytes; got += _sender.ReadEcho())
        {
            Turn(0);
        }
    }

    public void Dispose()
    {
        _sending.Dispose();
        _receiving.Dispose();
    }

    private UdpLink Open(LinkLibrary library, DriverEnd end) => library.OpenUdp(end.Memory, new UdpOptions
    {
        Local = new IPEndPoint(IPAddress.Loopback, 0),
        FrameSize = (_options.FrameLength + DriverEnd.FrameAlignment - 1) / DriverEnd.FrameAlignment * DriverEnd.FrameAlignment,
    });
}
