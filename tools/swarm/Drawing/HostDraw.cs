using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Drawing;

/// <summary>Draws the nodes of a world.</summary>
internal sealed class HostDraw(Draw draw, Feature features)
{
    private const ulong NodeDomain = 0x5357_4152_4d00_0000;

    /// <summary>Nodes that a host has beside its first: each is reached on a way of its own.</summary>
    public const int FurtherNodesMax = 3;

    private static readonly IPathSchedulerFactory[] s_schedulers = [PathSchedulers.LowestRtt, PathSchedulers.Weighted, PathSchedulers.Redundant];

    private static readonly ICongestionControllerFactory[] s_controllers = [CongestionControllers.Cubic, CongestionControllers.Bbr, CongestionControllers.None];

    /// <summary>Where packet numbers and sequences begin: the same on all sides, as the core asks.</summary>
    private readonly ulong _firstSequence = (features & Feature.NearWrap) != 0 ? (1UL << 32) - (ulong)draw.Between(1, 20_000) : 0;

    private readonly int _maxFrameLength = draw.Pick(1200, 1500, 1500, 4000);

    public HostPlan Next(int index)
    {
        bool tinyArena = Has(Feature.TinyArena) && draw.OneIn(2);
        bool tinySlabs = Has(Feature.TinySlabs) && draw.OneIn(2);
        int frameSize = Math.Max(draw.Pick(512, 1024, 2048, 4096), (_maxFrameLength / 3) + 1);
        int connections = draw.Between(2, 5);
        ConnectionConfig[] choices = [Connection(index), Connection(index)];
        ICongestionControllerFactory controller = Has(Feature.MixedControllers) ? draw.Pick<ICongestionControllerFactory>(s_controllers) : CongestionControllers.Cubic;
        var config = new EndpointConfig
        {
            Node = new NodeId(NodeDomain, (ulong)index + 1),
            Key = Key(),
            MaxConnections = connections,
            // More streams than there are records for are promised seldom: then a connection may come to a stop that others keep the records from.
            MaxStreams = Has(Feature.FewStreams) && draw.OneIn(4) ? draw.Between(2, 12) : 128,
            MaxProbabilisticStreams = draw.Between(1, 16),
            MaxRepairGroups = draw.Between(0, 32),
            MaxPacketsInFlight = tinySlabs ? draw.Between(48, 96) : 384,
            MaxMessages = tinySlabs ? draw.Between(16, 32) : 256,
            MaxChunks = tinySlabs ? draw.Between(16, 48) : 512,
            HalfOpenThreshold = draw.Between(0, 3),
            ArenaReserve256 = draw.Pick(0, 16, 64),
            Cookies = Has(Feature.Cookies) && draw.OneIn(2) ? CookieMode.Always : CookieMode.UnderLoad,
            AcceptConnections = !draw.OneIn(16),
            Connection = choices[0],
            Congestion = controller,
            CongestionChoices = Has(Feature.MixedControllers) ? s_controllers : [],
        };
        if (Has(Feature.Paths))
        {
            config = config with
            {
                FurtherNodes = [.. Enumerable.Range(1, draw.Between(1, FurtherNodesMax)).Select(way => new NodeId(NodeDomain + (ulong)way, (ulong)index + 1))],
                PathScheduler = draw.Pick<IPathSchedulerFactory>(s_schedulers),
                PathSchedulerChoices = s_schedulers,
            };
        }

        return new HostPlan(
            config.Node, config, choices, frameSize,
            // A connection keeps up to two frames for small payloads; the last quarter is not for sending.
            FrameCount: tinyArena ? draw.Between(4 * connections, 12 * connections) : draw.Between(64, 256),
            PollNs: Has(Feature.RarePolling) ? draw.Pick(0, 100 * Instant.Microsecond, Instant.Millisecond, 5 * Instant.Millisecond, Instant.Second / 60) : 0,
            ActNs: draw.Magnitude(100 * Instant.Microsecond, 50 * Instant.Millisecond),
            ReadNs: Has(Feature.SlowReaders) && draw.OneIn(2) ? draw.Magnitude(Instant.Millisecond, Instant.Second) : 0,
            ReadsAtAll: !Has(Feature.StalledReaders) || draw.OneIn(2),
            HoldNs: Has(Feature.SlowLinks) ? draw.Magnitude(10 * Instant.Microsecond, 200 * Instant.Millisecond) : 0);
    }

    /// <summary>32 bytes for an endpoint.</summary>
    public byte[] Key()
    {
        byte[] key = new byte[EndpointConfig.KeySize];
        for (int i = 0; i < key.Length; i++)
        {
            key[i] = (byte)(draw.Next() & 0xff);
        }

        return key;
    }

    private bool Has(Feature feature) => (features & feature) != 0;

    private ConnectionConfig Connection(int index)
    {
        bool tiny = Has(Feature.TinyWindows) && draw.OneIn(2);
        bool isShort = Has(Feature.ShortTimeouts) && draw.OneIn(2);
        int window = tiny ? draw.Between(64, 4_000) : draw.Between(8_000, 100_000);
        int streamWindow = tiny ? draw.Between(1, 2_000) : draw.Between(2_000, 60_000);
        int messages = tiny ? draw.Between(1, 4) : draw.Between(4, 64);
        int growth = draw.Pick(1, 2, 16);
        bool growsFrames = draw.OneIn(4);
        _ = index;
        return new ConnectionConfig
        {
            MaxFrameLength = _maxFrameLength,
            InitialFrameLength = growsFrames || Has(Feature.SmallMtu) ? ConnectionConfig.FrameLengthMin : null,
            MaxStreams = Has(Feature.FewStreams) ? draw.Between(0, 4) : draw.Between(4, 64),
            ReceiveWindow = window,
            ReceiveWindowMax = window * growth,
            StreamReceiveWindow = streamWindow,
            StreamReceiveWindowMax = streamWindow * growth,
            StreamMessageWindow = messages,
            StreamMessageWindowMax = messages * growth,
            MaxMessageLength = draw.Between(100, 20_000),
            SendBuffer = (int)draw.Magnitude(200, 60_000),
            DatagramBuffer = (int)draw.Magnitude(1_000, 32_000),
            RepairFlush = TimeSpan.FromMilliseconds(draw.Pick(0.1, 1, 5, 50)),
            ReportInterval = TimeSpan.FromMilliseconds(draw.Pick(1, 50, 500)),
            RepairLifetime = TimeSpan.FromMilliseconds(draw.Pick(1, 100, 1000)),
            ArenaShare256 = draw.Pick(96, 192, 256),
            HandshakeTimeout = TimeSpan.FromSeconds(isShort ? draw.Pick(0.2, 1) : 5),
            IdleTimeout = TimeSpan.FromSeconds(isShort ? draw.Pick(0.3, 2, 10) : 60),
            KeepAlive = Has(Feature.KeepAlive) && draw.OneIn(2) ? TimeSpan.FromMilliseconds(draw.Pick(10, 100, 1000)) : TimeSpan.Zero,
            KeepAliveDefeatsIdle = draw.OneIn(2),
            PeerTimeout = TimeSpan.FromSeconds(isShort ? draw.Pick(0.5, 3) : 30),
            Linger = TimeSpan.FromSeconds(isShort ? draw.Pick(0, 0.1, 1) : 5),
            MaxAckDelay = TimeSpan.FromMilliseconds(draw.Pick(0, 1, 10, 25, 200)),
            AckThreshold = draw.Pick(1, 2, 10, 64),
            MaxAttempts = Has(Feature.Attempts) && draw.OneIn(2) ? draw.Between(1, 5) : 10,
            Scheduling = Has(Feature.StrictPriorities) && draw.OneIn(2) ? SchedulingPolicy.Strict : SchedulingPolicy.Weighted,
            Congestion = Has(Feature.MixedControllers) ? draw.Pick<ICongestionControllerFactory>(s_controllers).Name : null,
            Ecn = !draw.OneIn(4),
            MaxPaths = Has(Feature.Paths) ? draw.Between(1, FurtherNodesMax + 1) : 1,
            PathScheduler = Has(Feature.Paths) && draw.OneIn(2) ? draw.Pick<IPathSchedulerFactory>(s_schedulers).Name : null,
            FirstPacketNumber = _firstSequence,
            FirstSequence = _firstSequence,
        };
    }
}
