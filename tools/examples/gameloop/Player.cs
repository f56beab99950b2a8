using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

namespace NexStream.Examples.GameLoop;

/// <summary>One end of the game: an endpoint with its driver, polled by the game's own loop. No thread, no task.</summary>
internal sealed class Player : IDisposable
{
    private const int FrameSize = 2048;
    private const int FrameCount = 1024;
    private readonly LinkArena _memory;

    public Player(LinkLibrary library, ulong number, TimeSpan tick)
    {
        _memory = library.CreateArena(FrameSize, FrameCount);
        EndpointConfig config = new()
        {
            Node = new NodeId(0x6A3E, number),
            Key = RandomNumberGenerator.GetBytes(EndpointConfig.KeySize),

            // Acknowledgements leave with the next tick at the latest: the peer has to know.
            Connection = new ConnectionConfig { MaxAckDelay = tick },
        };
        Driver = new EndpointDriver(new Endpoint(config, _memory.CreateFrameArena()));
    }

    public EndpointDriver Driver { get; }

    public Endpoint Endpoint => Driver.Endpoint;

    public static void Join(LinkLibrary library, Player a, Player b)
    {
        (Link ofA, Link ofB) = library.CreateLoop(a._memory, b._memory, ringCapacity: 256);
        a.Driver.AttachLink(ofA, b.Endpoint.Node);
        b.Driver.AttachLink(ofB, a.Endpoint.Node);
    }

    public void Dispose()
    {
        Driver.Dispose();
        _memory.Dispose();
    }
}
