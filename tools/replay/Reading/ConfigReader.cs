using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;

namespace NexStream.Replay.Reading;

/// <summary>Reads configurations as <see cref="Core.Tracing.ConfigTrace"/> writes them. What a trace is too old to have is what it is by default.</summary>
internal sealed class ConfigReader(ItemReader reader, Suppliers suppliers)
{
    // More settings than there will ever be, and more controllers than anybody has.
    private const int FieldsMax = 256;
    private const int ChoicesMax = 64;

    private long[] _fields = [];
    private int _next;

    public EndpointConfig Endpoint()
    {
        NodeId node = reader.Node();
        byte[] key = reader.Bytes(EndpointConfig.KeySize);
        Fields();
        var standard = new EndpointConfig { Node = node, Key = key };
        EndpointConfig config = standard with
        {
            MaxConnections = Int(standard.MaxConnections),
            MaxStreams = Int(standard.MaxStreams),
            MaxProbabilisticStreams = Int(standard.MaxProbabilisticStreams),
            MaxRepairGroups = Int(standard.MaxRepairGroups),
            MaxPacketsInFlight = Int(standard.MaxPacketsInFlight),
            MaxMessages = Int(standard.MaxMessages),
            MaxChunks = Int(standard.MaxChunks),
            AcceptConnections = Flag(standard.AcceptConnections),
            Cookies = unchecked((CookieMode)Int((int)standard.Cookies)),
            HalfOpenThreshold = Int(standard.HalfOpenThreshold),
            ArenaReserve256 = Int(standard.ArenaReserve256),
            MaxPaths = Int(-1) is var paths && paths < 0 ? null : paths,
        };
        ICongestionControllerFactory congestion = suppliers.FindController(reader.Name());
        var choices = new ICongestionControllerFactory[reader.Int(ChoicesMax, "The number of congestion controllers")];
        for (int i = 0; i < choices.Length; i++)
        {
            choices[i] = suppliers.FindController(reader.Name());
        }

        IPathSchedulerFactory scheduler = suppliers.FindScheduler(reader.Name());
        var schedulers = new IPathSchedulerFactory[reader.Int(ChoicesMax, "The number of path schedulers")];
        for (int i = 0; i < schedulers.Length; i++)
        {
            schedulers[i] = suppliers.FindScheduler(reader.Name());
        }

        var nodes = new NodeId[reader.Int(ChoicesMax, "The number of further nodes")];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = reader.Node();
        }

        return config with
        {
            Congestion = congestion,
            CongestionChoices = choices,
            PathScheduler = scheduler,
            PathSchedulerChoices = schedulers,
            FurtherNodes = nodes,
            Connection = Connection(),
        };
    }

    public ConnectionConfig Connection()
    {
        Fields();
        var standard = new ConnectionConfig();
        ConnectionConfig config = standard with
        {
            MaxFrameLength = Int(standard.MaxFrameLength),
            InitialFrameLength = Int(-1) is var initial && initial < 0 ? null : initial,
            MaxStreams = Int(standard.MaxStreams),
            ReceiveWindow = Int(standard.ReceiveWindow),
            ReceiveWindowMax = Int(standard.ReceiveWindowMax),
            StreamReceiveWindow = Int(standard.StreamReceiveWindow),
            StreamReceiveWindowMax = Int(standard.StreamReceiveWindowMax),
            StreamMessageWindow = Int(standard.StreamMessageWindow),
            StreamMessageWindowMax = Int(standard.StreamMessageWindowMax),
            MaxMessageLength = Int(standard.MaxMessageLength),
            SendBuffer = Int(standard.SendBuffer),
            DatagramBuffer = Int(standard.DatagramBuffer),
            RepairFlush = Time(standard.RepairFlush),
            ReportInterval = Time(standard.ReportInterval),
            RepairLifetime = Time(standard.RepairLifetime),
            ArenaShare256 = Int(standard.ArenaShare256),
            HandshakeTimeout = Time(standard.HandshakeTimeout),
            IdleTimeout = Time(standard.IdleTimeout),
            KeepAlive = Time(standard.KeepAlive),
            KeepAliveDefeatsIdle = Flag(standard.KeepAliveDefeatsIdle),
            PeerTimeout = Time(standard.PeerTimeout),
            Linger = Time(standard.Linger),
            MaxAckDelay = Time(standard.MaxAckDelay),
            AckThreshold = Int(standard.AckThreshold),
            MaxAttempts = Int(standard.MaxAttempts),
            Scheduling = unchecked((SchedulingPolicy)Int((int)standard.Scheduling)),
            Ecn = Flag(standard.Ecn),
            FirstPacketNumber = unchecked((ulong)Next(0)),
            FirstSequence = unchecked((ulong)Next(0)),
            MaxPaths = Int(standard.MaxPaths),
        };
        string? congestion = reader.Flag() ? reader.Name() : null;
        return config with { Congestion = congestion, PathScheduler = reader.Flag() ? reader.Name() : null };
    }

    public StreamConfig Stream()
    {
        var mode = (TransportMode)reader.Byte();
        byte priority = reader.Byte();
        bool isNumbered = reader.Flag();
        byte attempts = reader.Byte();
        bool isBound = reader.Flag();
        byte path = reader.Byte();
        return new StreamConfig(mode, priority, isNumbered, attempts, reader.Flag() ? Delivery() : null, isBound ? path : null);
    }

    public ProbabilisticConfig Delivery()
    {
        double probability = BitConverter.Int64BitsToDouble(reader.Signed());
        bool isThinned = reader.Flag();
        bool hasRatio = reader.Flag();
        double ratio = BitConverter.Int64BitsToDouble(reader.Signed());
        long group = reader.Signed();
        return new ProbabilisticConfig(probability, isThinned, hasRatio ? ratio : null, (int)Math.Clamp(group, int.MinValue, int.MaxValue));
    }

    private void Fields()
    {
        _fields = new long[reader.Int(FieldsMax, "The number of settings")];
        _next = 0;
        for (int i = 0; i < _fields.Length; i++)
        {
            _fields[i] = reader.Signed();
        }
    }

    private long Next(long standard) => _next < _fields.Length ? _fields[_next++] : standard;

    private int Int(int standard)
    {
        long value = Next(standard);
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new TraceException($"A setting is {value}, and has 32 bits.");
    }

    private bool Flag(bool standard) => Next(standard ? 1 : 0) != 0;

    private TimeSpan Time(TimeSpan standard) => new(Next(standard.Ticks));
}
