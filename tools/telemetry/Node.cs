using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;

namespace NexStream.Telemetry;

/// <summary>An endpoint with a driver and its telemetry, which reads whatever comes.</summary>
internal sealed class Node : IDisposable
{
    private const int FrameSize = 2048;
    private const int FrameCount = 4096;

    private readonly byte[] _buffer = new byte[1 << 16];

    public Node(LinkLibrary library, string name, ulong number, TelemetryOptions options, bool takesConnections = true)
    {
        Memory = library.CreateArena(FrameSize, FrameCount);
        var config = new EndpointConfig
        {
            Node = new NodeId(0x7E1E, number),
            Key = new byte[EndpointConfig.KeySize],
            MaxConnections = 16,
            AcceptConnections = takesConnections,
            CongestionChoices = [CongestionControllers.None],
            Connection = new ConnectionConfig { HandshakeTimeout = TimeSpan.FromMilliseconds(300) },
        };
        Endpoint = new Endpoint(config, Memory.CreateFrameArena());
        Driver = new EndpointDriver(Endpoint);
        Telemetry = DriverTelemetry.Attach(Driver, name, options);
    }

    public LinkArena Memory { get; }

    public Endpoint Endpoint { get; }

    public EndpointDriver Driver { get; }

    public DriverTelemetry Telemetry { get; }

    public long Received { get; private set; }

    public int Ended { get; private set; }

    public void Turn()
    {
        Driver.Poll(MonotonicClock.Now);
        while (Endpoint.TryGetEvent(out EndpointEvent item))
        {
            Ended += item.Kind == EventKind.ConnectionClosed ? 1 : 0;
            if (item.Kind is EventKind.StreamOpened or EventKind.StreamReadable)
            {
                Read(item.Stream);
            }
        }

        _ = Driver.TryGetLinkLost(out _);
    }

    public void Dispose()
    {
        Driver.Dispose();
        Memory.Dispose();
    }

    private void Read(StreamHandle stream)
    {
        ReceiveResult result = stream.Receive(_buffer);
        for (; result.Status == CallStatus.Ok; result = stream.Receive(_buffer))
        {
            Received += result.Bytes;
        }

        if (result.Status == CallStatus.EndOfStream)
        {
            stream.Finish();
        }
    }
}
