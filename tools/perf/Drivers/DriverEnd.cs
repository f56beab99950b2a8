using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

namespace NexStream.Perf.Drivers;

/// <summary>An endpoint over memory that a link can share, with its driver.</summary>
internal sealed class DriverEnd : IDisposable
{
    /// <summary>Descriptors under way in each direction: several windows.</summary>
    public const int RingCapacity = 1024;

    /// <summary>The node that sends.</summary>
    public static readonly NodeId SenderNode = new(0, 1);

    /// <summary>The node that receives.</summary>
    public static readonly NodeId ReceiverNode = new(0, 2);

    /// <summary>Arenas are made of cache lines.</summary>
    public const int FrameAlignment = 64;

    /// <summary>Between two processes a window is under way while the next is written and the one before is read.</summary>
    private const int WindowsInArena = 8;

    public DriverEnd(LinkLibrary library, PerfOptions options, NodeId node)
    {
        int frameSize = (options.ArenaFrameBytes + FrameAlignment - 1) / FrameAlignment * FrameAlignment;
        Memory = library.CreateArena(frameSize, (WindowsInArena * options.Window) + RingCapacity);
        byte[] key = new byte[EndpointConfig.KeySize];
        Array.Fill(key, (byte)1);
        int window = 2 * options.Window * options.FrameBytes;
        Endpoint = new Endpoint(
            new EndpointConfig
            {
                Node = node,
                Key = key,
                Congestion = CongestionControllers.None,
                MaxConnections = 2,
                MaxStreams = options.Streams + options.IdleStreams + 1,
                Connection = new ConnectionConfig
                {
                    MaxFrameLength = options.FrameLength,
                    MaxStreams = options.Streams + options.IdleStreams,
                    SendBuffer = window,
                    DatagramBuffer = window,
                    StreamReceiveWindow = Math.Max(window, 1 << 16),
                },
            },
            Memory.CreateFrameArena());
        Driver = new EndpointDriver(Endpoint);
    }

    public LinkArena Memory { get; }

    public Endpoint Endpoint { get; }

    public EndpointDriver Driver { get; }

    public void Dispose()
    {
        Driver.Dispose();
        Memory.Dispose();
    }
}
