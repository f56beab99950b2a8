using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;

namespace NexStream.Tests.Support;

/// <summary>
/// Two endpoints that map each other's frames, as a link over shared memory joins them: the head of a packet is copied, its payload goes as slices of
/// the sender's memory. A packet arrives at once; virtual time goes on by a little with every turn. Allocates nothing after it was made.
/// </summary>
internal sealed class LoanPair : IDisposable
{
    public const int FrameSize = 2048;

    /// <summary>Half of the round trip.</summary>
    private const long TurnNs = 25 * Instant.Microsecond;

    private readonly Transmission _transmission = new();
    private readonly byte[] _head = new byte[Transmission.HeadCapacity];
    private readonly PayloadSlice[] _slices = new PayloadSlice[Transmission.SliceCountMax];

    public LoanPair(ConnectionConfig? connection = null, int frameCount = 1024, TraceRecorder? clientRecorder = null, TraceRecorder? serverRecorder = null)
    {
        Client = new Side(1, connection ?? new ConnectionConfig(), frameCount, clientRecorder);
        Server = new Side(2, connection ?? new ConnectionConfig(), frameCount, serverRecorder);
        Client.Map(Server);
        Server.Map(Client);
    }

    public Side Client { get; }

    public Side Server { get; }

    public Instant Now { get; private set; } = new(Instant.Second);

    /// <summary>Sees every packet before the other side does; false: it is lost.</summary>
    public Func<Side, Transmission, bool>? Filter { get; set; }

    public void Connect()
    {
        Assert.That(Client.Endpoint.Connect(Server.Endpoint.Node, Now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        Client.Connection = connection;
        RunUntil(() => Client.Has(EventKind.ConnectionEstablished) && Server.Has(EventKind.ConnectionAccepted));
        Server.Connection = Server.Events.Last(item => item.Kind == EventKind.ConnectionAccepted).Connection;
    }

    /// <summary>Opens a stream on the client and finds it on the server; connects before if that was not done.</summary>
    public (StreamHandle Sender, StreamHandle Receiver) Open(TransportMode mode)
    {
        if (Client.Connection == default)
        {
            Connect();
        }

        Assert.That(Client.Connection.OpenStream(new StreamConfig(mode), out StreamHandle local), Is.EqualTo(CallStatus.Ok));
        RunUntil(() => Server.Events.Exists(item => item.Kind == EventKind.StreamOpened && item.Stream.Id == local.Id));
        return (local, Server.Events.Last(item => item.Kind == EventKind.StreamOpened && item.Stream.Id == local.Id).Stream);
    }

    public void RunUntil(Func<bool> condition)
    {
        for (int turns = 0; !condition(); turns++)
        {
            Assert.That(turns, Is.LessThan(100_000), $"The condition does not hold at {Now}.");
            Turn();
        }
    }

    /// <summary>Runs until nothing is on its way and nothing is acknowledged late.</summary>
    public void Settle() => RunFor(200 * Instant.Millisecond);

    public void RunFor(long durationNs)
    {
        Instant end = Now + durationNs;
        while (Now < end)
        {
            Turn();
        }
    }

    /// <summary>Lets both sides do what there is to do; where that is nothing, time goes on to the next deadline.</summary>
    public void Turn()
    {
        bool worked = Step(Client, Server);
        Now += TurnNs;
        worked |= Step(Server, Client);
        Now += TurnNs;
        if (!worked)
        {
            Instant next = Instant.Min(Client.Deadline, Server.Deadline);
            Now = Instant.Max(Now, Instant.Min(next, Now + Instant.Millisecond));
        }
    }

    public void Dispose()
    {
        Client.Free();
        Server.Free();
    }

    private bool Step(Side from, Side to)
    {
        bool worked = false;
        if (from.Deadline <= Now)
        {
            from.Deadline = Instant.Never;
            from.Endpoint.HandleTimeout(from.Timed, Now);
            worked = true;
        }

        while (from.Endpoint.TryTransmit(Now, _transmission))
        {
            worked = true;
            Carry(from, to);
        }

        while (from.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            worked = true;
            from.Events.Add(item);
        }

        while (from.Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            from.Timed = deadline.Connection;
            from.Deadline = deadline.Deadline;
        }

        return worked;
    }

    private void Carry(Side from, Side to)
    {
        int count = _transmission.SliceCount;
        if (Filter is not null && !Filter(from, _transmission))
        {
            foreach (ref readonly PayloadSlice slice in _transmission.Slices)
            {
                from.Endpoint.ReleaseFrame(slice.Frame);
            }

            return;
        }

        _transmission.Head.CopyTo(_head);
        for (int i = 0; i < count; i++)
        {
            PayloadSlice slice = _transmission.Slices[i];
            from.LastCarried = AddressOf(from.Endpoint.Bytes(slice));
            _slices[i] = new PayloadSlice(PayloadSlice.FrameOf(to.Region.Number, slice.Index), slice.Offset, slice.Length);
        }

        to.Endpoint.Receive(new LinkFrame(_transmission.Header, _head.AsSpan(0, _transmission.HeadLength), _slices.AsSpan(0, count)), Now);
    }

    /// <summary>Where pinned or native bytes begin.</summary>
    public static unsafe nint AddressOf(ReadOnlySpan<byte> bytes) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));

    /// <summary>One endpoint, its frames, and what it maps of the other's.</summary>
    internal sealed class Side : IFrameReleaser
    {
        private readonly nint _memory;
        private readonly int _frameCount;
        private Side _peer = null!;

        public Side(byte number, ConnectionConfig connection, int frameCount, TraceRecorder? recorder)
        {
            _frameCount = frameCount;
            _memory = Marshal.AllocHGlobal(FrameSize * frameCount);
            byte[] key = new byte[EndpointConfig.KeySize];
            new SeededRandom(number).Fill(key);
            var config = new EndpointConfig { Node = new NodeId(0x2E60, number), Key = key, Connection = connection, FurtherNodes = [new NodeId(0x2E60, 0x10u + number)] };
            Endpoint = new Endpoint(config, new FrameArena(_memory, FrameSize, frameCount), recorder);
        }

        public Endpoint Endpoint { get; }

        public PeerRegion Region { get; private set; } = null!;

        public ConnectionHandle Connection { get; set; }

        public List<EndpointEvent> Events { get; } = new(1024);

        /// <summary>Where the payload lay that was handed to the link last.</summary>
        public nint LastCarried { get; set; }

        public Instant Deadline { get; set; } = Instant.Never;

        public ConnectionHandle Timed { get; set; }

        /// <summary>Frames of the own arena that somebody holds.</summary>
        public int FramesInUse => _frameCount - Endpoint.Arena.FreeCount;

        public bool Has(EventKind kind) => Events.Exists(item => item.Kind == kind);

        /// <summary>The peer's frame is given back to it.</summary>
        public void Release(int index, int holds) => _peer.Endpoint.ReleaseFrame(PayloadSlice.FrameOf(0, index), holds);

        public void Map(Side peer)
        {
            _peer = peer;
            Region = new PeerRegion(peer._memory, FrameSize, peer._frameCount, this);
            Endpoint.RegisterRegion(Region);
        }

        public void Free() => Marshal.FreeHGlobal(_memory);
    }
}
