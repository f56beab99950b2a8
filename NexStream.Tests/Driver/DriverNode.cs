using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tests.Support;

namespace NexStream.Tests.Driver;

/// <summary>An endpoint over shared frames with its driver, and what its application saw.</summary>
internal sealed class DriverNode : IDisposable
{
    public const int FrameSize = 2048;
    public const int FrameCount = 2048;

    public DriverNode(LinkLibrary library, ulong number, DriverOptions? options = null)
    {
        Node = new NodeId(0xD21, number);
        byte[] key = new byte[EndpointConfig.KeySize];
        new SeededRandom(number).Fill(key);
        Memory = library.CreateArena(FrameSize, FrameCount);
        Endpoint = new Endpoint(new EndpointConfig { Node = Node, Key = key }, Memory.CreateFrameArena());
        Driver = new EndpointDriver(Endpoint, options);
    }

    public NodeId Node { get; }

    public LinkArena Memory { get; }

    public Endpoint Endpoint { get; }

    public EndpointDriver Driver { get; }

    public List<EndpointEvent> Events { get; } = new(1024);

    /// <summary>Whether nothing is held but the frame that the one connection keeps for small payloads.</summary>
    public bool IsArenaIdle => Endpoint.Arena.FreeCount >= FrameCount - 1;

    public bool IsWholeArenaFree => Endpoint.Arena.FreeCount == FrameCount;

    /// <summary>Joins two nodes by a loop.</summary>
    public static void Join(DriverNode a, DriverNode b, int ringCapacity)
    {
        (Link ofA, Link ofB) = a.Memory.Library.CreateLoop(a.Memory, b.Memory, ringCapacity);
        a.Driver.AttachLink(ofA, b.Node);
        b.Driver.AttachLink(ofB, a.Node);
    }

    /// <summary>One turn and the application's share of it.</summary>
    public bool Poll(Instant now)
    {
        bool worked = Driver.Poll(now);
        while (Endpoint.TryGetEvent(out EndpointEvent item))
        {
            Events.Add(item);
            worked = true;
        }

        return worked;
    }

    public bool Has(EventKind kind) => Events.Exists(item => item.Kind == kind);

    public void Dispose()
    {
        Driver.Dispose();
        Memory.Dispose();
    }
}
