using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;

namespace NexStream.Tests.Support;

/// <summary>
/// Two endpoints, a client and a server, over a virtual network in virtual time. A seed decides everything; frames travel as bytes, so
/// that nothing but the wire connects the two.
/// </summary>
internal sealed class Pair
{
    public static readonly NodeId ClientNode = new(0xC11E, 1);
    public static readonly NodeId ServerNode = new(0x5E12, 2);

    private readonly PriorityQueue<InTransit, (long At, ulong Order)> _transit = new();
    private readonly Transmission _transmission = new();
    private SeededRandom _random;
    private ulong _order;

    public Pair(
        ulong seed = 1,
        NetworkConditions? network = null,
        ConnectionConfig? connection = null,
        Func<EndpointConfig, EndpointConfig>? configure = null,
        int frameSize = 2048,
        int frameCount = 16 * 1024,
        TraceRecorder? clientRecorder = null,
        TraceRecorder? serverRecorder = null)
    {
        _random = new SeededRandom(seed);
        ToServer = network ?? new NetworkConditions();
        ToClient = ToServer;
        Client = new Side(this, ClientNode, seed, connection ?? new ConnectionConfig(), configure, frameSize, frameCount, clientRecorder);
        Server = new Side(this, ServerNode, seed + 1, connection ?? new ConnectionConfig(), configure, frameSize, frameCount, serverRecorder);
    }

    public Side Client { get; }

    public Side Server { get; }

    public Instant Now { get; private set; } = new(Instant.Second);

    public NetworkConditions ToServer { get; set; }

    public NetworkConditions ToClient { get; set; }

    /// <summary>Sees every frame before the network does; false: the frame is lost.</summary>
    public Func<Side, Frame, bool>? Filter { get; set; }

    public Side Peer(Side side) => side == Client ? Server : Client;

    /// <summary>Opens a connection and runs until both sides know it.</summary>
    public void Connect()
    {
        Assert.That(Client.Endpoint.Connect(ServerNode, Now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        Client.Connection = connection;
        RunUntil(() => Client.Has(EventKind.ConnectionEstablished) && Server.Has(EventKind.ConnectionAccepted));
        Server.Connection = Server.Events.Last(e => e.Kind == EventKind.ConnectionAccepted).Connection;
    }

    /// <summary>Opens a stream on the client and finds it on the server once something of it has arrived.</summary>
    public (StreamHandle Client, StreamHandle Server) Open(StreamConfig config)
    {
        Assert.That(Client.Connection.OpenStream(config, out StreamHandle local), Is.EqualTo(CallStatus.Ok));
        RunUntil(() => Server.Events.Any(e => e.Kind == EventKind.StreamOpened && e.Stream.Id == local.Id));
        return (local, Server.Events.Last(e => e.Kind == EventKind.StreamOpened && e.Stream.Id == local.Id).Stream);
    }

    public void RunUntil(Func<bool> condition, long limitNs = 600 * Instant.Second)
    {
        Instant end = Now + limitNs;
        Settle();
        while (!condition())
        {
            Assert.That(TryStep(end), Is.True, $"Nothing more happens until {end}, and the condition does not hold.");
        }
    }

    public void RunFor(long durationNs)
    {
        Instant end = Now + durationNs;
        Settle();
        long steps = 0;
        while (TryStep(end))
        {
            Assert.That(++steps, Is.LessThan(200_000), $"Time stands still at {Now}: client {Client.NextDeadline}, server {Server.NextDeadline}.");
        }

        Now = end;
    }

    /// <summary>Lets both sides send what they have now.</summary>
    public void Settle()
    {
        bool any;
        long rounds = 0;
        do
        {
            any = Client.Drain() | Server.Drain();
            Assert.That(++rounds, Is.LessThan(100_000), "The two sides never come to rest.");
        }
        while (any);
    }

    /// <summary>Delivers bytes to a side now, as a hostile network would.</summary>
    public void Inject(Side to, Frame frame)
    {
        to.Deliver(frame);
        Settle();
    }

    private bool TryStep(Instant end)
    {
        long next = Math.Min(Client.NextDeadline.Nanoseconds, Server.NextDeadline.Nanoseconds);
        if (_transit.TryPeek(out _, out (long At, ulong Order) key))
        {
            next = Math.Min(next, key.At);
        }

        if (next > end.Nanoseconds)
        {
            return false;
        }

        Now = Instant.Max(Now, new Instant(next));
        while (_transit.TryPeek(out InTransit arriving, out key) && key.At <= Now.Nanoseconds)
        {
            _transit.Dequeue();
            arriving.To.Deliver(arriving.Frame);
        }

        Client.FireTimers();
        Server.FireTimers();
        Settle();
        return true;
    }

    private void Send(Side from, Frame frame)
    {
        from.FramesSent++;
        if (Filter is not null && !Filter(from, frame))
        {
            return;
        }

        NetworkConditions network = from == Client ? ToServer : ToClient;
        if (_random.Chance(network.Loss))
        {
            return;
        }

        long at = Now.Nanoseconds;
        if (network.Rate > 0)
        {
            from.LinkFreeAt = Math.Max(from.LinkFreeAt, at) + ((frame.Bytes.Length + LinkHeader.Size) * Instant.Second / network.Rate);
            at = from.LinkFreeAt;
        }

        at += network.DelayNs + (_random.Chance(network.Reorder) ? network.ReorderDelayNs : 0);
        _transit.Enqueue(new InTransit(Peer(from), frame), (at, _order++));
        if (_random.Chance(network.Duplicate))
        {
            _transit.Enqueue(new InTransit(Peer(from), frame), (at + (network.DelayNs / 2), _order++));
        }
    }

    private readonly record struct InTransit(Side To, Frame Frame);

    /// <summary>A NexLink frame as bytes.</summary>
    internal sealed record Frame(LinkHeader Header, byte[] Bytes)
    {
        public PacketHeader Packet => PacketHeader.TryRead(Bytes, out PacketHeader header) ? header : default;
    }

    /// <summary>One endpoint of the pair and what its application saw.</summary>
    internal sealed class Side
    {
        private readonly Pair _pair;
        private readonly Dictionary<int, ConnectionDeadline> _deadlines = [];

        public Side(
            Pair pair, NodeId node, ulong seed, ConnectionConfig connection, Func<EndpointConfig, EndpointConfig>? configure, int frameSize, int frameCount,
            TraceRecorder? recorder)
        {
            _pair = pair;
            byte[] key = new byte[EndpointConfig.KeySize];
            new SeededRandom(seed).Fill(key);
            var config = new EndpointConfig { Node = node, Key = key, Connection = connection };
            Endpoint = new Endpoint(configure?.Invoke(config) ?? config, new FrameArena(frameSize, frameCount), recorder);
        }

        public Endpoint Endpoint { get; }

        public ConnectionHandle Connection { get; set; }

        public List<EndpointEvent> Events { get; } = [];

        /// <summary>Called for every event, before the network goes on.</summary>
        public Action<EndpointEvent>? OnEvent { get; set; }

        /// <summary>Called for every frame that arrives, before the endpoint has it.</summary>
        public Action<Frame>? OnArrival { get; set; }

        public long FramesSent { get; set; }

        public long LinkFreeAt { get; set; }

        public Instant NextDeadline => _deadlines.Count == 0 ? Instant.Never : _deadlines.Values.Min(d => d.Deadline);

        public bool Has(EventKind kind) => Events.Any(e => e.Kind == kind);

        public void Deliver(Frame frame)
        {
            OnArrival?.Invoke(frame);
            Endpoint.Receive(new LinkFrame(frame.Header, frame.Bytes), _pair.Now);
        }

        public void FireTimers()
        {
            foreach (ConnectionDeadline due in _deadlines.Values.Where(d => d.Deadline <= _pair.Now).ToList())
            {
                _deadlines.Remove(due.Connection.Index);
                Endpoint.HandleTimeout(due.Connection, _pair.Now);
            }
        }

        public bool Drain()
        {
            bool any = false;
            while (Endpoint.TryTransmit(_pair.Now, _pair._transmission))
            {
                any = true;
                _pair.Send(this, Take(_pair._transmission));
            }

            while (Endpoint.TryGetEvent(out EndpointEvent item))
            {
                any = true;
                Events.Add(item);
                OnEvent?.Invoke(item);
            }

            while (Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
            {
                _deadlines[deadline.Connection.Index] = deadline;
            }

            return any;
        }

        /// <summary>What a link does: copies the frame out and gives the references back.</summary>
        private Frame Take(Transmission transmission)
        {
            byte[] bytes = new byte[transmission.PacketLength];
            transmission.Head.CopyTo(bytes);
            int at = transmission.HeadLength;
            foreach (PayloadSlice slice in transmission.Slices)
            {
                Endpoint.State.Frames.Bytes(slice).CopyTo(bytes.AsSpan(at));
                at += slice.Length;
                Endpoint.ReleaseFrame(slice.Frame);
            }

            return new Frame(transmission.Header, bytes);
        }
    }
}
