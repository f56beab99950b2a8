using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Attacks;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>How connections come to be, and how time ends them.</summary>
[TestFixture]
public sealed class ConnectionLifecycleTests
{
    private static readonly NodeId s_stranger = new(0xBAD, 3);

    [Test]
    public void Connect_NobodyAnswers_FailsAfterFiveSecondsWithInitsThatBackOff()
    {
        var pair = new Pair();
        Instant start = pair.Now;
        var sent = new List<long>();
        pair.Filter = (_, frame) =>
        {
            Assert.That(frame.Carries(FrameType.ConnInit), Is.True);
            sent.Add(pair.Now - start);
            return false;
        };
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle connection);
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed));
        EndpointEvent closed = pair.Client.Events.Single();
        Assert.That(closed.Reason, Is.EqualTo(ReasonCode.HandshakeTimeout));
        Assert.That(closed.Connection, Is.EqualTo(connection));
        Assert.That(pair.Now - start, Is.EqualTo(5 * Instant.Second));
        Assert.That(sent, Is.EqualTo(new[] { 0, Instant.Second, 3 * Instant.Second }));
        AssertStale(connection, pair);
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.Zero);
    }

    [Test]
    public void Connect_HandshakeTimeoutIsConfigured_FailsThen()
    {
        var pair = new Pair(connection: new ConnectionConfig { HandshakeTimeout = TimeSpan.FromSeconds(12) }) { Filter = (_, _) => false };
        Instant start = pair.Now;
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out _);
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed));
        Assert.That(pair.Now - start, Is.EqualTo(12 * Instant.Second));
        Assert.That(pair.Client.FramesSent, Is.EqualTo(4), "At 0, 1, 3 and 7 s.");
    }

    [Test]
    public void Connect_FirstInitIsLost_SucceedsWithTheSecond()
    {
        var pair = new Pair();
        int inits = 0;
        pair.Filter = (_, frame) => !frame.Carries(FrameType.ConnInit) || ++inits > 1;
        Instant start = pair.Now;
        pair.Connect();
        Assert.That(pair.Now - start, Is.InRange(Instant.Second, Instant.Second + (40 * Instant.Millisecond)));
    }

    /// <summary>Found by the fuzzer: an answer to a CONN_INIT that was never sent, the one behind which there is none.</summary>
    [TestCase(0u, true)]
    [TestCase(1u, false)]
    [TestCase(uint.MaxValue, false)]
    public void Accept_OfAnInit_IsASampleOfTheRoundTripIfItWasTheLastSent(uint number, bool isSample)
    {
        var pair = new Pair { Filter = (_, _) => false };
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle connection);
        pair.Client.Connection = connection;
        pair.RunFor(30 * Instant.Millisecond);
        Connection initiator = Forge.ConnectionOf(pair.Client);
        Forge.Inject(pair, pair.Client, (ref writer) => new ConnAcceptFrame
        {
            Version = ProtocolVersion.Current,
            Node = Pair.ServerNode,
            MaxStreams = 1,
            Parameters = new TransportParameters { Tag = 7, MaxFrameLength = 1500 },
            InitPacketNumber = number,
        }.TryWrite(ref writer));
        Assert.That((initiator.IsOpen, initiator.Path.Rtt.HasSample), Is.EqualTo((true, isSample)));
    }

    /// <summary>Found by the swarm (seeds 450523 and 460845): a path of a connection that the application did not know yet was told to be gone.</summary>
    [Test]
    public void Events_PathGoneBeforeTheConnectionWasTold_ComesBehindIt()
    {
        var pair = new Pair();
        pair.Connect();
        Connection connection = Forge.ConnectionOf(pair.Server);
        EndpointState state = pair.Server.Endpoint.State;
        connection.UntoldPaths.Add(1);
        state.Events.Raise(connection, ConnectionEvents.Paths);
        state.Events.Raise(connection, ConnectionEvents.Accepted);

        Assert.That(pair.Server.Endpoint.TryGetEvent(out EndpointEvent first) && pair.Server.Endpoint.TryGetEvent(out _), Is.True);
        Assert.That(first.Kind, Is.EqualTo(EventKind.ConnectionAccepted));
    }

    [AttackRow(25)]
    [Test]
    public void Acceptor_InitiatorNeverProvesItsAddress_ForgetsItAndSaysNothingToTheApplication()
    {
        var pair = new Pair();
        Holdings before = Holdings.Of(pair.Server.Endpoint);
        long answered = 0;
        pair.Filter = (from, frame) =>
        {
            answered += from == pair.Server ? frame.Bytes.Length + LinkHeader.Size : 0;
            return false;
        };
        Pair.Frame init = PairFrames.Init(s_stranger, Pair.ServerNode, 77);
        pair.Inject(pair.Server, init);
        Assert.That(pair.Server.Endpoint.Statistics.HalfOpenCount, Is.EqualTo(1));
        pair.RunFor(6 * Instant.Second);
        Assert.That(pair.Server.Endpoint.Statistics.HalfOpenCount, Is.Zero, "The handshake has five seconds, not as long as a silent peer has.");
        pair.RunFor(54 * Instant.Second);
        Assert.That(Holdings.Of(pair.Server.Endpoint), Is.EqualTo(before));
        Assert.That(pair.Server.Events, Is.Empty);

        // RFC 9000 §8.1: three times what was received, with a frame's tolerance for none.
        Assert.That(answered, Is.InRange(1, 3 * (init.Bytes.Length + LinkHeader.Size)));
    }

    [Test]
    public void Idle_NoActivity_ClosesAfterSixtySeconds()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(30 * Instant.Second);
        client.Send([1]);
        Instant active = pair.Now;
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed));
        Assert.That(pair.Now - active, Is.EqualTo(60 * Instant.Second));
        Assert.That(Closed(pair.Client).Reason, Is.EqualTo(ReasonCode.IdleTimeout));
        pair.RunFor(Instant.Second);
        Assert.That(Closed(pair.Server).Reason, Is.EqualTo(ReasonCode.IdleTimeout));
        AssertForgotten(pair);
    }

    [Test]
    public void Idle_IdleTimeoutIsConfigured_ClosesThen()
    {
        var pair = new Pair(connection: new ConnectionConfig { IdleTimeout = TimeSpan.FromSeconds(7) });
        pair.Connect();
        Instant start = pair.Now;
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed));
        Assert.That(pair.Now - start, Is.InRange(6 * Instant.Second, 7 * Instant.Second));
        Assert.That(Closed(pair.Client).Reason, Is.EqualTo(ReasonCode.IdleTimeout));
    }

    [Test]
    public void Idle_StreamsAreOpenedAndEndedWithoutData_CountsAsActivityOnBothSides()
    {
        var pair = new Pair();
        pair.Connect();
        for (int i = 0; i < 5; i++)
        {
            Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
            pair.RunFor(40 * Instant.Second);
            stream.Finish();
            pair.RunFor(40 * Instant.Second);
            stream.Reset(ReasonCode.None);
            pair.RunFor(40 * Instant.Second);
        }

        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
    }

    [Test]
    public void Idle_KeepAliveDoesNotDefeatIt_ClosesAfterSixtySeconds()
    {
        var pair = new Pair(connection: new ConnectionConfig { KeepAlive = TimeSpan.FromSeconds(10) });
        pair.Connect();
        int pings = 0;
        pair.Filter = (_, frame) =>
        {
            pings += frame.Carries(FrameType.Ping) ? 1 : 0;
            return true;
        };
        pair.RunFor(59 * Instant.Second);
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        Assert.That(pings, Is.InRange(4, 12), "One side or both, every 10 s.");
        pair.RunFor(2 * Instant.Second);
        Assert.That(Closed(pair.Client).Reason, Is.EqualTo(ReasonCode.IdleTimeout));
        Assert.That(Closed(pair.Server).Reason, Is.EqualTo(ReasonCode.IdleTimeout));
    }

    [Test]
    public void Idle_KeepAliveDefeatsIt_LivesAsLongAsThePeerAnswers()
    {
        var pair = new Pair(connection: new ConnectionConfig { KeepAlive = TimeSpan.FromSeconds(10), KeepAliveDefeatsIdle = true });
        pair.Connect();
        pair.RunFor(1000 * Instant.Second);
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        pair.Filter = (_, _) => false;
        pair.RunFor(60 * Instant.Second);
        Assert.That(Closed(pair.Client).Reason, Is.EqualTo(ReasonCode.PeerUnresponsive));
    }

    [Test]
    public void Peer_VanishesWithDataOutstanding_EndsAfterThirtySecondsWithFewPackets()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        pair.Filter = (_, _) => false;
        Instant start = pair.Now;
        long before = pair.Client.FramesSent;
        Assert.That(client.Send(new byte[1000]).Bytes, Is.EqualTo(1000));
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed));
        EndpointEvent closed = Closed(pair.Client);
        Assert.That(closed.Reason, Is.EqualTo(ReasonCode.PeerUnresponsive));
        Assert.That(pair.Now - start, Is.EqualTo(30 * Instant.Second));
        Assert.That(closed.Report, Is.EqualTo(new DrainReport(1000, 0, 0)));

        // Probes double from about 30 ms to 2 s, at most two packets each: some 20 of them fill the 30 s.
        Assert.That(pair.Client.FramesSent - before, Is.InRange(10, 50));
        pair.RunFor(60 * Instant.Second);
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.Zero);
    }

    [Test]
    public void Connect_AcceptorTakesNone_IsRefusedAtOnce()
    {
        var pair = new Pair(configure: c => c with { AcceptConnections = false });
        AssertRefused(pair);
    }

    [Test]
    public void Connect_AllConnectionsOfTheAcceptorAreInUse_IsRefusedAtOnce()
    {
        var pair = new Pair(configure: c => c with { MaxConnections = 1, HalfOpenThreshold = 1 });
        pair.Inject(pair.Server, PairFrames.Init(s_stranger, Pair.ServerNode, 77));
        AssertRefused(pair);
    }

    [Test]
    public void Connect_AllConnectionsOfTheInitiatorAreInUse_AnswersLimitReached()
    {
        var pair = new Pair(configure: c => c with { MaxConnections = 2, HalfOpenThreshold = 2 });
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out _), Is.EqualTo(CallStatus.Ok));
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out _), Is.EqualTo(CallStatus.Ok));
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle third), Is.EqualTo(CallStatus.LimitReached));
        Assert.That(third, Is.EqualTo(default(ConnectionHandle)));
        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Events.Count(e => e.Kind == EventKind.ConnectionEstablished), Is.EqualTo(2));
    }

    [Test]
    public void Init_UnknownVersion_IsAnsweredWithTheVersionsKnown()
    {
        const ulong tag = 0x1234_5678_9ABC_DEF0;
        var pair = new Pair();
        Holdings before = Holdings.Of(pair.Server.Endpoint);
        Pair.Frame? answer = null;
        pair.Filter = (_, frame) =>
        {
            answer = frame;
            return false;
        };
        pair.Inject(pair.Server, PairFrames.Init(s_stranger, Pair.ServerNode, tag, version: 0x7777));
        Assert.That(answer, Is.Not.Null);
        Assert.That(answer!.Header.Destination, Is.EqualTo(s_stranger));
        Assert.That(answer.Packet.Tag, Is.EqualTo(tag));
        var reader = new FrameReader(answer.Bytes.AsSpan(PacketHeader.Size));
        Assert.That(reader.TryRead(out RawFrame raw) && raw.Type == FrameType.ConnClose, Is.True);
        Assert.That(ConnCloseFrame.TryRead(raw, out ConnCloseFrame close), Is.True);
        Assert.That(close.Reason, Is.EqualTo(ReasonCode.VersionUnknown));
        Assert.That(close.VersionCount, Is.EqualTo(1));
        Assert.That(close.GetVersion(0), Is.EqualTo(ProtocolVersion.Current));
        Assert.That(Holdings.Of(pair.Server.Endpoint), Is.EqualTo(before));
    }

    [Test]
    public void Init_DuplicatedAndReplayed_MakesOneConnection()
    {
        var pair = new Pair();
        var inits = new List<Pair.Frame>();
        pair.Filter = (_, frame) =>
        {
            if (frame.Carries(FrameType.ConnInit))
            {
                inits.Add(frame);
            }

            return true;
        };
        pair.ToServer = pair.ToServer with { Duplicate = 1 };
        pair.Connect();
        for (int i = 0; i < 5; i++)
        {
            pair.Inject(pair.Server, inits[0]);
            pair.RunFor(Instant.Second);
        }

        Assert.That(pair.Server.Events.Count(e => e.Kind == EventKind.ConnectionAccepted), Is.EqualTo(1));
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1));
        AssertWorks(pair.Client.Connection, pair);
    }

    [Test]
    public void Init_ReplayedAfterTheConnectionEnded_LeavesNothingBehind()
    {
        var pair = new Pair();
        Pair.Frame? init = null;
        pair.Filter = (_, frame) =>
        {
            init ??= frame.Carries(FrameType.ConnInit) ? frame : null;
            return true;
        };
        pair.Connect();
        pair.Client.Connection.Close(pair.Now);
        pair.RunFor(10 * Instant.Second);
        AssertForgotten(pair);
        pair.Server.Events.Clear();
        pair.Inject(pair.Server, init!);
        pair.RunFor(20 * Instant.Second);
        Assert.That(pair.Server.Events, Is.Empty);
        AssertForgotten(pair);
    }

    [Test]
    public void Init_BothSidesAtOnce_MakesOneConnectionThatWorks(
        [Values] CookieMode cookies, [Values(0, 0.2)] double loss, [Values(0, 1, 9)] int skewMs, [Range(1, 4)] int seed) =>
        ConnectBoth(cookies, loss, skewMs, seed, expected: 1);

    [TestCase(CookieMode.UnderLoad, 11, 2)]
    [TestCase(CookieMode.UnderLoad, 30, 2)]
    [TestCase(CookieMode.Always, 11, 1, Description = "CONN_RETRY left no state, so the second to open knows nothing of the first.")]
    [TestCase(CookieMode.Always, 31, 2)]
    public void Init_OneSideAfterTheOther_MakesAsManyConnectionsAsWereAsked(CookieMode cookies, int skewMs, int expected) =>
        ConnectBoth(cookies, 0, skewMs, 1, expected);

    [Test]
    public void Init_BothSidesAtOnceAndThenNothingArrives_BothApplicationsAreTold()
    {
        var pair = new Pair();
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle client);
        pair.Server.Endpoint.Connect(Pair.ClientNode, pair.Now, out ConnectionHandle server);
        pair.RunFor(10 * Instant.Millisecond);
        pair.Filter = (_, _) => false;
        pair.RunFor(100 * Instant.Millisecond);
        pair.RunFor(60 * Instant.Second);
        Assert.That(Closed(pair.Client).Connection, Is.EqualTo(client));
        Assert.That(Closed(pair.Server).Connection, Is.EqualTo(server));
        AssertForgotten(pair);
    }

    private static void ConnectBoth(CookieMode cookies, double loss, int skewMs, int seed, int expected)
    {
        var pair = new Pair((ulong)seed, new NetworkConditions { Loss = loss, Reorder = loss, Duplicate = loss }, configure: c => c with { Cookies = cookies });
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle client);
        pair.RunFor(skewMs * Instant.Millisecond);
        pair.Server.Endpoint.Connect(Pair.ClientNode, pair.Now, out ConnectionHandle server);
        pair.RunFor(4 * Instant.Second);
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.EqualTo(expected));
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.EqualTo(expected));
        Assert.That(client.IsOpen && server.IsOpen, Is.True);
        Assert.That(pair.Client.Events.Count(IsBegin), Is.EqualTo(expected));
        Assert.That(pair.Server.Events.Count(IsBegin), Is.EqualTo(expected));
        AssertWorks(client, pair);
        AssertWorks(server, pair);
    }

    private static bool IsBegin(EndpointEvent e) => e.Kind is EventKind.ConnectionAccepted or EventKind.ConnectionEstablished;

    private static EndpointEvent Closed(Pair.Side side) => side.Events.Single(e => e.Kind == EventKind.ConnectionClosed);

    private static void AssertRefused(Pair pair)
    {
        Instant start = pair.Now;
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle connection);
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed));
        Assert.That(Closed(pair.Client).Reason, Is.EqualTo(ReasonCode.ConnectionRefused));
        Assert.That(pair.Now - start, Is.EqualTo(20 * Instant.Millisecond), "A round trip.");
        AssertStale(connection, pair);
    }

    private static void AssertForgotten(Pair pair)
    {
        pair.RunFor(10 * Instant.Second);
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.Zero);
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.Zero);
    }

    private static void AssertStale(ConnectionHandle connection, Pair pair)
    {
        Assert.That(connection.IsAlive || connection.IsOpen, Is.False);
        Assert.That(connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _), Is.EqualTo(CallStatus.Closed));
        Assert.That(connection.Close(pair.Now), Is.EqualTo(CallStatus.Closed));
        Assert.That(connection.Abort(pair.Now), Is.EqualTo(CallStatus.Closed));
    }

    private static void AssertWorks(ConnectionHandle connection, Pair pair)
    {
        byte[] buffer = new byte[16];
        int got = 0;
        Action<EndpointEvent> read = e => got += e.Kind == EventKind.StreamReadable && e.Stream.Receive(buffer).Bytes == 3 ? 1 : 0;
        pair.Client.OnEvent = read;
        pair.Server.OnEvent = read;
        Assert.That(connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
        Assert.That(stream.Send([1, 2, 3]).Bytes, Is.EqualTo(3));
        pair.RunUntil(() => got == 1, 30 * Instant.Second);
    }
}
