using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;
using NexStream.Tool.Impairment;

namespace NexStream.Tests.Hosting;

/// <summary>Two hosts of this process, joined by a loop, or by an imitated network that has a thread of its own.</summary>
internal sealed class HostPair : IAsyncDisposable
{
    private const int FrameSize = 2048;
    private const int FrameCount = 8192;
    private const int RingCapacity = 1024;

    private readonly NetworkRelay? _relay;
    private readonly Thread? _network;
    private volatile bool _isOver;

    public HostPair(ConnectionConfig? config = null, ImpairmentSettings? impairment = null, NexStreamHostOptions? options = null, LinkLibrary? library = null)
    {
        library ??= LinkLibrary.Load();
        LinkArena memoryA = library.CreateArena(FrameSize, FrameCount);
        LinkArena memoryB = library.CreateArena(FrameSize, FrameCount);
        EndpointDriver a = Make(memoryA, 1, config);
        EndpointDriver b = Make(memoryB, 2, config);
        Link endA;
        Link endB;
        if (impairment is null)
        {
            (endA, endB) = library.CreateLoop(memoryA, memoryB, RingCapacity);
        }
        else
        {
            _relay = new NetworkRelay(library, memoryA, memoryB, RingCapacity, FrameSize, impairment, seed: 7);
            (endA, endB) = (_relay.EndA, _relay.EndB);
        }

        a.AttachLink(endA, b.Endpoint.Node);
        b.AttachLink(endB, a.Endpoint.Node);
        Client = new NexStreamHost(a, options, memoryA);
        Server = new NexStreamHost(b, options, memoryB);
        if (_relay is not null)
        {
            _network = new Thread(Relay) { IsBackground = true };
            _network.Start();
        }
    }

    public NexStreamHost Client { get; }

    public NexStreamHost Server { get; }

    public long Lost => _relay is null ? 0 : _relay.AToB.Statistics.Lost + _relay.BToA.Statistics.Lost;

    /// <summary>A connection, from both ends.</summary>
    public async Task<(NexStreamConnection Client, NexStreamConnection Server)> ConnectAsync()
    {
        ValueTask<NexStreamConnection> accepting = Server.AcceptAsync();
        NexStreamConnection client = await Client.ConnectAsync(Server.Node);
        return (client, await accepting);
    }

    /// <summary>A stream of a new connection, from both ends: the first byte, or message, has been sent and read.</summary>
    public async Task<(NexStreamStream Client, NexStreamStream Server)> OpenAsync(TransportMode mode = TransportMode.ReliableOrdered)
    {
        (NexStreamConnection client, NexStreamConnection server) = await ConnectAsync();
        NexStreamStream near = await client.OpenStreamAsync(mode);
        await near.SendAsync(new byte[1]);
        NexStreamStream far = await server.AcceptStreamAsync();
        Assert.That(await far.ReceiveAsync(new byte[1]), Is.EqualTo(1));
        return (near, far);
    }

    /// <summary>Nothing gets through any more.</summary>
    public void Cut()
    {
        _isOver = true;
        _network!.Join();
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        _isOver = true;
        _network?.Join();
        _relay?.Dispose();
    }

    private static EndpointDriver Make(LinkArena memory, ulong number, ConnectionConfig? config)
    {
        EndpointConfig endpoint = new() { Node = new NodeId(0x405, number), Key = new byte[EndpointConfig.KeySize], Connection = config ?? new ConnectionConfig() };
        return new EndpointDriver(new Endpoint(endpoint, memory.CreateFrameArena()));
    }

    private void Relay()
    {
        while (!_isOver)
        {
            if (!_relay!.Poll(NexStream.Driver.MonotonicClock.Now))
            {
                Thread.Yield();
            }
        }
    }
}
