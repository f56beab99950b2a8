using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Idle;
using NexStream.Driver.Links;

namespace NexStream.Tool.Transfer;

/// <summary>One process's endpoint for one link: its memory, its driver, and how long it rests when there is nothing to do.</summary>
internal sealed class TransferNode : IDisposable
{
    public const int RingCapacity = 1024;

    private const int ConnectTimeoutMs = 5000;

    /// <summary>32 MiB on each side, all that a transfer ever holds, however large the files.</summary>
    private const int MemorySize = 32 * 1024 * 1024;

    /// <summary>In shared memory a packet fills one frame: the larger it is, the less each byte costs. Four pages of payload and room for headers.</summary>
    private const int ShmFrameSize = 16 * 1024;
    private const int ShmFrameLengthMax = ShmFrameSize + 256;

    /// <summary>Over a network: a payload of a sixteenth of a frame is copied where it arrives, and those of full packets shall not be.</summary>
    private const int UdpFrameSize = 4 * 1024;

    /// <summary>What an Ethernet carries of a UDP datagram over IPv4: 1500 bytes less the IP and the UDP header. What less a path carries is found out.</summary>
    private const int UdpFrameLengthMax = 1500 - 20 - 8;

    /// <summary>A stream may hold an eighth of the frames for sending.</summary>
    private const int SendBuffer = MemorySize / 8;

    /// <summary>A NAT forgets an address that is silent, the hastiest after half a minute; RFC 4787 wants two.</summary>
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(15);

    // A link in shared memory joins two processes and no more, so that the names of its ends are always these two.
    private static readonly NodeId s_sender = new(0x4E58_5346, 1);
    private static readonly NodeId s_receiver = new(0x4E58_5346, 2);

    private NodeId _remote;
    private BackoffIdleStrategy _idle;

    private TransferNode(LinkLibrary library, int frameSize, EndpointConfig config)
    {
        Memory = library.CreateArena(frameSize, MemorySize / frameSize);
        Endpoint = new Endpoint(config, Memory.CreateFrameArena());
        Driver = new EndpointDriver(Endpoint);
    }

    public LinkArena Memory { get; }

    public Endpoint Endpoint { get; }

    public EndpointDriver Driver { get; }

    private static ConnectionConfig Connection => new()
    {
        SendBuffer = SendBuffer,
        ReceiveWindow = SendBuffer,
        StreamReceiveWindow = SendBuffer,
        DatagramBuffer = SendBuffer,
    };

    /// <summary>An endpoint for the other process of a link in shared memory.</summary>
    public static TransferNode ForSharedMemory(LinkLibrary library, bool isReceiver) => new(library, ShmFrameSize, new EndpointConfig
    {
        Node = isReceiver ? s_receiver : s_sender,
        Key = RandomNumberGenerator.GetBytes(EndpointConfig.KeySize),
        MaxConnections = 4,
        HalfOpenThreshold = 4,
        AcceptConnections = isReceiver,
        Connection = Connection with { MaxFrameLength = ShmFrameLengthMax },

        // Between two processes over shared memory there is no queue that others share: flow control bounds what is under way.
        Congestion = CongestionControllers.None,
    })
    {
        _remote = isReceiver ? s_sender : s_receiver,
    };

    /// <summary>An endpoint with a socket, for whoever calls or for who will be dialled.</summary>
    /// <exception cref="LinkException">The address cannot be had.</exception>
    public static TransferNode ForNetwork(bool isReceiver, IPEndPoint local, out UdpLink link)
    {
        LinkLibrary library = LinkLibrary.Load();
        TransferNode node = new(library, UdpFrameSize, new EndpointConfig
        {
            Node = NodeId.Read(RandomNumberGenerator.GetBytes(NodeId.Size)),
            Key = RandomNumberGenerator.GetBytes(EndpointConfig.KeySize),
            MaxConnections = 16,
            HalfOpenThreshold = 4,
            AcceptConnections = isReceiver,
            Connection = Connection with
            {
                MaxFrameLength = UdpFrameLengthMax,
                InitialFrameLength = ConnectionConfig.FrameLengthMin,
                KeepAlive = s_keepAlive,
            },
        });
        try
        {
            link = library.OpenUdp(node.Memory, new UdpOptions { Local = local });
        }
        catch (LinkException)
        {
            node.Dispose();
            throw;
        }

        node.Driver.AttachNetwork(link);
        return node;
    }

    /// <summary>An endpoint that calls whoever listens at an address.</summary>
    /// <param name="to">The address.</param>
    /// <param name="network">The socket; null for a link in shared memory.</param>
    /// <exception cref="LinkException">Nobody listens there in shared memory, or the address cannot be dialled.</exception>
    public static TransferNode To(LinkAddress to, out UdpLink? network)
    {
        network = null;
        if (to.Name is { } name)
        {
            LinkLibrary library = LinkLibrary.Load(LinkPreference.Native);
            TransferNode node = ForSharedMemory(library, isReceiver: false);
            return node.OrDispose(() => node.Attach(library.Connect(name, node.Memory, RingCapacity, ConnectTimeoutMs)));
        }

        IPEndPoint remote = to.ToRemote();
        IPAddress any = remote.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        TransferNode caller = ForNetwork(isReceiver: false, new IPEndPoint(any, 0), out UdpLink link);
        network = link;
        return caller.OrDispose(() => caller.CallTo(link.Dial(remote)));
    }

    public void Attach(Link link) => Driver.AttachLink(link, _remote);

    /// <summary>Whom <see cref="Connect"/> calls over a network.</summary>
    public void CallTo(NodeId name) => _remote = name;

    public ConnectionHandle Connect(Instant now)
    {
        Endpoint.Connect(_remote, now, out ConnectionHandle connection);
        return connection;
    }

    public void Rest(bool worked, Instant now)
    {
        if (worked)
        {
            _idle.Reset();
        }
        else
        {
            _idle.Idle(Driver, now);
        }
    }

    public void Dispose()
    {
        Driver.Dispose();
        Memory.Dispose();
    }

    private TransferNode OrDispose(Action reach)
    {
        try
        {
            reach();
            return this;
        }
        catch (LinkException)
        {
            Dispose();
            throw;
        }
    }
}
