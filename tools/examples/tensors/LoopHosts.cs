using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;

namespace NexStream.Examples.Tensors;

/// <summary>Two hosts of this process, joined by a loop: each reads what the other sends where it lies.</summary>
internal static class LoopHosts
{
    private const int FrameSize = 2048;
    private const int FrameCount = 8192;
    private const int RingCapacity = 1024;

    public static (NexStreamHost A, NexStreamHost B) Create()
    {
        LinkLibrary library = LinkLibrary.Load();
        LinkArena memoryA = library.CreateArena(FrameSize, FrameCount);
        LinkArena memoryB = library.CreateArena(FrameSize, FrameCount);
        (Link ofA, Link ofB) = library.CreateLoop(memoryA, memoryB, RingCapacity);
        EndpointDriver a = new(new Endpoint(Config(1), memoryA.CreateFrameArena()));
        EndpointDriver b = new(new Endpoint(Config(2), memoryB.CreateFrameArena()));
        a.AttachLink(ofA, b.Endpoint.Node);
        b.AttachLink(ofB, a.Endpoint.Node);
        return (new NexStreamHost(a, null, memoryA), new NexStreamHost(b, null, memoryB));
    }

    private static EndpointConfig Config(ulong number) => new() { Node = new NodeId(0x7E45, number), Key = RandomNumberGenerator.GetBytes(EndpointConfig.KeySize) };
}
