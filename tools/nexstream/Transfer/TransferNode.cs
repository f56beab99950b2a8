using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Driver.Idle;
using NexStream.Driver.Links;
using DriverLoop = NexStream.Driver.Driver;

namespace NexStream.Tool.Transfer;

/// <summary>One process's endpoint for one link: its memory, its driver, and how long it rests when there is nothing to do.</summary>
internal sealed class TransferNode : IDisposable
{
    public const int RingCapacity = 1024;

    /// <summary>A packet fills one frame: the larger it is, the less each byte costs. Four pages of payload and room for headers.</summary>
    private const int FrameSize = 16 * 1024;
    private const int FrameLengthMax = FrameSize + 256;

    /// <summary>32 MiB on each side, all that a transfer ever holds, however large the files.</summary>
    private const int FrameCount = 2048;

    /// <summary>A stream may hold an eighth of the frames for sending.</summary>
    private const int SendBuffer = 4 * 1024 * 1024;

    // A link joins two processes and no more, so that the names of its ends are always these two.
    private static readonly NodeId s_sender = new(0x4E58_5346, 1);
    private static readonly NodeId s_receiver = new(0x4E58_5346, 2);

    private readonly NodeId _remote;
    private BackoffIdleStrategy _idle;

    public TransferNode(LinkLibrary library, bool isReceiver)
    {
        _remote = isReceiver ? s_sender : s_receiver;
        Memory = library.CreateArena(FrameSize, FrameCount);
        ConnectionConfig connection = new()
        {
            MaxFrameLength = FrameLengthMax,
            SendBuffer = SendBuffer,
            ReceiveWindow = SendBuffer,
            StreamReceiveWindow = SendBuffer,
        };
        EndpointConfig config = new()
        {
            Node = isReceiver ? s_receiver : s_sender,
            Key = RandomNumberGenerator.GetBytes(EndpointConfig.KeySize),
            MaxConnections = 4,
            HalfOpenThreshold = 4,
            AcceptConnections = isReceiver,
            Connection = connection,

            // Between two processes over shared memory there is no queue that others share: flow control bounds what is under way.
            Congestion = CongestionControllers.None,
        };
        Endpoint = new Endpoint(config, Memory.CreateFrameArena());
        Driver = new DriverLoop(Endpoint);
    }

    public LinkArena Memory { get; }

    public Endpoint Endpoint { get; }

    public DriverLoop Driver { get; }

    public void Attach(Link link) => Driver.AttachLink(link, _remote);

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
}
