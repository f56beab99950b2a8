using BenchmarkDotNet.Attributes;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;

namespace NexStream.Bench;

/// <summary>What a message through the API to await costs, between two hosts of this process: its memory above all, on every thread.</summary>
[MemoryDiagnoser]
public class HostingBenchmarks
{
    private const int FrameSize = 2048;
    private const int FrameCount = 4096;
    private const int RingCapacity = 1024;
    private const int Messages = 1000;

    private readonly byte[] _sent = new byte[100];
    private readonly byte[] _received = new byte[100];
    private NexStreamHost? _client;
    private NexStreamHost? _server;
    private NexStreamStream? _near;
    private NexStreamStream? _far;

    [Params(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)]
    public TransportMode Mode { get; set; }

    [GlobalSetup]
    public async Task Setup()
    {
        LinkLibrary library = LinkLibrary.Load();
        LinkArena first = library.CreateArena(FrameSize, FrameCount);
        LinkArena second = library.CreateArena(FrameSize, FrameCount);
        (Link ofFirst, Link ofSecond) = library.CreateLoop(first, second, RingCapacity);
        _client = Start(first, ofFirst, 1, 2);
        _server = Start(second, ofSecond, 2, 1);
        _near = await (await _client.ConnectAsync(_server.Node)).OpenStreamAsync(Mode);
        await _near.SendAsync(_sent);
        _far = await (await _server.AcceptAsync()).AcceptStreamAsync();
        await _far.ReceiveAsync(_received);
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        await _client!.DisposeAsync();
        await _server!.DisposeAsync();
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task SendAndReceive()
    {
        for (int i = 0; i < Messages; i++)
        {
            ValueTask<int> receiving = _far!.ReceiveAsync(_received);
            await _near!.SendAsync(_sent);
            await receiving;
        }
    }

    private static NexStreamHost Start(LinkArena memory, Link link, ulong number, ulong remote)
    {
        EndpointConfig config = new() { Node = new NodeId(0xBE, number), Key = new byte[EndpointConfig.KeySize] };
        EndpointDriver driver = new(new Endpoint(config, memory.CreateFrameArena()));
        driver.AttachLink(link, new NodeId(0xBE, remote));
        return new NexStreamHost(driver, null, memory);
    }
}
