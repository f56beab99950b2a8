using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tool.Impairment;

namespace NexStream.Tool.Demo;

/// <summary>One of the two endpoints, over memory that links can share, with its driver.</summary>
internal sealed class DemoNode : IDisposable
{
    /// <summary>Jumbo frames: what a data centre's network carries.</summary>
    public const int FrameLengthMax = 9000;

    private const int FrameSize = 9024;
    private const int FrameCount = 4096;

    private readonly LinkArena _memory;

    public DemoNode(LinkLibrary library, NodeId node, ulong seed, TraceRecorder? recorder = null, int frameLengthMax = FrameLengthMax, ICongestionControllerFactory? congestion = null)
    {
        Node = node;
        _memory = library.CreateArena(FrameSize, FrameCount);

        // A run can be repeated by its seed, so the key comes from it too; whoever talks to strangers draws it from the system.
        byte[] key = new byte[EndpointConfig.KeySize];
        new SeededRandom(seed).Fill(key);
        EndpointConfig config = new()
        {
            Node = node,
            Key = key,
            Connection = new ConnectionConfig { MaxFrameLength = frameLengthMax },
            Congestion = congestion ?? CongestionControllers.Cubic,
        };
        Endpoint = new Endpoint(config, _memory.CreateFrameArena(), recorder);
        Driver = new EndpointDriver(Endpoint);
    }

    public NodeId Node { get; }

    public LinkArena Memory => _memory;

    public Endpoint Endpoint { get; }

    public EndpointDriver Driver { get; }

    public void Dispose()
    {
        Driver.Dispose();
        _memory.Dispose();
    }
}
