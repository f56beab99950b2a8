using System.Net;
using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

namespace NexStream.Tests.Docs;

#region CONFIG
/// <summary>What an endpoint of a game holds. Every number is memory, taken when the endpoint is made.</summary>
internal static class GameConfig
{
    public static EndpointConfig For(NodeId node, TimeSpan tick) => new()
    {
        Node = node,
        Key = RandomNumberGenerator.GetBytes(EndpointConfig.KeySize),
        MaxConnections = 64,
        MaxStreams = 1024,
        MaxPacketsInFlight = 4096,
        MaxMessages = 4096,
        MaxChunks = 8192,
        Connection = new ConnectionConfig
        {
            // What every path carries; more is searched for, up to what an Ethernet carries of a datagram.
            InitialFrameLength = ConnectionConfig.FrameLengthMin,
            MaxFrameLength = 1472,

            // Acknowledgements leave with the next tick at the latest: the peer has to know.
            MaxAckDelay = tick,

            // A player who says nothing is still there, as long as his machine answers.
            KeepAlive = TimeSpan.FromSeconds(5),
            KeepAliveDefeatsIdle = true,
        },
    };
}
#endregion

#region PLAYER
/// <summary>One end of a game over UDP: the driver has the socket and the timers, and the game's loop calls it.</summary>
internal sealed class UdpPlayer : IDisposable
{
    private const int CallsMax = 16;
    private readonly LinkArena _memory;
    private readonly UdpLink _network;
    private readonly EndpointDriver _driver;

    public UdpPlayer(IPEndPoint local, TimeSpan tick)
    {
        LinkLibrary library = LinkLibrary.Load();
        _memory = library.CreateArena(frameSize: 2048, frameCount: 4096);
        NodeId node = NodeId.Read(RandomNumberGenerator.GetBytes(NodeId.Size));
        _driver = new EndpointDriver(new Endpoint(GameConfig.For(node, tick), _memory.CreateFrameArena()));
        _network = library.OpenUdp(_memory, new UdpOptions { Local = local });
        _driver.AttachNetwork(_network);
    }

    public IPEndPoint Address => _network.LocalEndPoint;

    public ConnectionHandle Connect(IPEndPoint server)
    {
        _driver.Endpoint.Connect(_network.Dial(server), MonotonicClock.Now, out ConnectionHandle connection);
        return connection;
    }

    /// <summary>Called once a tick. What the game does about events, and sends, it does in <paramref name="play"/>.</summary>
    public void Tick(Action<Endpoint, Instant> play)
    {
        // Each call takes 64 frames from the socket, or from the endpoint: a tick has more, but not without end.
        Instant now = MonotonicClock.Now;
        for (int i = 0; i < CallsMax && _driver.Poll(now); i++)
        {
            // Until there is nothing to do any more.
        }

        play(_driver.Endpoint, now);
        for (int i = 0; i < CallsMax && _driver.Transmit(now); i++)
        {
            // Until all has left that may: what the game says leaves in the same tick, not in the next one.
        }
    }

    public void Dispose()
    {
        _driver.Dispose();
        _memory.Dispose();
    }
}
#endregion

#region PLAY
/// <summary>What a game does in a tick: hears what happened, reads what came, and says how it stands. Either side may be the one that called.</summary>
internal sealed class Game
{
    private readonly byte[] _buffer = new byte[1200];
    private StreamHandle _mine;
    private StreamHandle _theirs;

    public int Said { get; private set; }

    public int Heard { get; private set; }

    public void Play(Endpoint endpoint, Instant now)
    {
        while (endpoint.TryGetEvent(out EndpointEvent happened))
        {
            switch (happened.Kind)
            {
                // The first is told to who called, the second to who was called. Each side opens a stream for what it says.
                case EventKind.ConnectionEstablished or EventKind.ConnectionAccepted:
                    happened.Connection.OpenStream(new StreamConfig(TransportMode.BestEffort), out _mine);
                    break;
                case EventKind.StreamOpened:
                    _theirs = happened.Stream;
                    break;
                case EventKind.ConnectionClosed:
                    // happened.Reason says why. Handles of what is gone answer Closed, as those do that were never given.
                    _mine = _theirs = default;
                    break;
            }
        }

        while (_theirs.Receive(_buffer).Status == CallStatus.Ok)
        {
            Heard++;
        }

        Said += _mine.Send("here I stand"u8).Status == CallStatus.Ok ? 1 : 0;
    }
}
#endregion
