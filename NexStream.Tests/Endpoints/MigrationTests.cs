using System.Buffers.Binary;
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

/// <summary>A side's node changes, for good or in pretence (RFC 9000 §9).</summary>
[TestFixture]
public sealed class MigrationTests
{
    private const long OneWayNs = 10 * Instant.Millisecond;

    private static readonly NodeId s_elsewhere = new(0xC11E, 77);
    private static readonly NodeId s_spoofed = new(0xBAD, 1);

    [TestCase(TransportMode.ReliableOrdered, true)]
    [TestCase(TransportMode.ReliableOrdered, false)]
    [TestCase(TransportMode.ReliableUnordered, true)]
    [TestCase(TransportMode.ReliableUnordered, false)]
    [TestCase(TransportMode.BestEffort, true)]
    [TestCase(TransportMode.BestEffort, false)]
    [TestCase(TransportMode.Probabilistic, true)]
    [TestCase(TransportMode.Probabilistic, false)]
    public void Change_InTheMiddleOfATransfer_LosesNothingThatIsPromised(TransportMode mode, bool isSenderMoving)
    {
        var pair = new Pair(2, new NetworkConditions { Rate = 2_000_000 });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        Pair.Side mover = isSenderMoving ? pair.Client : pair.Server;
        Pair.Side stayer = pair.Peer(mover);
        var transfer = new Transfer(pair, mode, client, server, messages: 2000);
        transfer.RunUntilDelivered(600);
        NodeId former = mover.Endpoint.Node;
        LoseFramesTo(pair, former);
        long rttNs = pair.Client.Connection.Statistics.Path.SmoothedRttNs;
        transfer.ForgetPause();
        mover.Endpoint.ChangeNode(s_elsewhere, pair.Now);
        transfer.RunUntilDelivered(1500);
        long pauseNs = transfer.LongestPauseNs;
        transfer.RunToTheEnd();

        Assert.That(stayer.Connection.Remote, Is.EqualTo(s_elsewhere));
        Assert.That(stayer.Events.Count(e => e.Kind == EventKind.ConnectionMoved), Is.EqualTo(1));
        Assert.That(stayer.Connection.Statistics.Path.Moves, Is.EqualTo(1));
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        Assert.That(pair.Client.Events.Concat(pair.Server.Events).Any(e => e.Kind is EventKind.StreamReset or EventKind.StreamStopped), Is.False);
        Assert.That(transfer.Duplicated, Is.Zero);
        if (mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered)
        {
            Assert.That(transfer.Delivered, Is.EqualTo(2000));
        }

        // One round trip to prove the new node, two until what was lost is back, and an acknowledgement that was held back.
        Assert.That(pauseNs, Is.LessThanOrEqualTo((3 * rttNs) + (10 * Instant.Millisecond)));
        TestContext.Out.WriteLine($"{mode}, the {(isSenderMoving ? "sender" : "receiver")} moves: pause {pauseNs / 1e6:F0} ms at a round trip of {rttNs / 1e6:F0} ms");
    }

    [Test]
    public void Change_IdleConnection_IsNoticedAtOnce()
    {
        var pair = new Pair();
        pair.Connect();
        pair.RunFor(Instant.Second);
        LoseFramesTo(pair, Pair.ClientNode);
        pair.Client.Endpoint.ChangeNode(s_elsewhere, pair.Now);
        pair.RunFor(5 * OneWayNs);
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(s_elsewhere));
    }

    /// <summary>Found by the swarm (seed 417682): from a way of 1 ms to one of 300 ms, each answer came behind the next question, and only that one's counted.</summary>
    [Test]
    public void Change_ToAMuchLongerWay_IsFollowedAllTheSame()
    {
        var pair = new Pair(2, new NetworkConditions { DelayNs = Instant.Millisecond / 2 });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        LoseFramesTo(pair, Pair.ClientNode);
        pair.ToClient = pair.ToServer = new NetworkConditions { DelayNs = 150 * Instant.Millisecond };
        pair.Client.Endpoint.ChangeNode(s_elsewhere, pair.Now);
        client.Send(new byte[1000]);
        pair.RunFor(2 * Instant.Second);
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(s_elsewhere));
        Assert.That(pair.Server.Connection.Statistics.Path.SmoothedRttNs, Is.EqualTo(300 * Instant.Millisecond).Within(20 * Instant.Millisecond));
        Assert.That(server.ReadAll().Sum(m => m.Length), Is.EqualTo(1000));
    }

    /// <summary>
    /// Found by the swarm (seed 701983): a CONN_INIT that the network had kept, from where the peer was before it moved, made a second connection with the same tag of the peer's.
    /// </summary>
    [Test]
    public void Init_ThatComesLateFromTheFormerNode_MakesNoSecondConnection()
    {
        var pair = new Pair();
        Pair.Frame? init = null;
        pair.Filter = (_, frame) =>
        {
            init ??= frame;
            return true;
        };
        pair.Connect();
        pair.RunFor(Instant.Second);
        pair.Client.Endpoint.ChangeNode(s_elsewhere, pair.Now);
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(s_elsewhere));
        pair.Inject(pair.Server, init!);
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1));
        Assert.That(pair.Server.Events.Count(e => e.Kind == EventKind.ConnectionAccepted), Is.EqualTo(1));
    }

    [Test]
    public void Change_BothSidesAtOnce_FindEachOtherWhereFramesForTheFormerNodeStillArrive()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.Client.Endpoint.ChangeNode(s_elsewhere, pair.Now);
        pair.Server.Endpoint.ChangeNode(new NodeId(0x5E12, 99), pair.Now);
        client.Send(new byte[1000]);
        pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll().Sum(m => m.Length), Is.EqualTo(1000));
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(s_elsewhere));
        Assert.That(pair.Client.Connection.Remote, Is.EqualTo(new NodeId(0x5E12, 99)));
    }

    [AttackRow(21)]
    [Test]
    public void Change_NewNodeDoesNotAnswer_TheConnectionStays()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Established();
        int toSpoofed = 0;
        pair.Filter = (from, frame) =>
        {
            toSpoofed += frame.Header.Destination == s_spoofed ? 1 : 0;
            return frame.Header.Destination != s_spoofed;
        };
        int spent = InjectFrom(pair, s_spoofed, number: 1000);
        pair.RunFor(10 * Instant.Second);
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(Pair.ClientNode));
        Assert.That(toSpoofed, Is.InRange(1, 3 * spent / AddressChallenge.QuestionSize), "The node is asked with at most three times its bytes, and then forgotten.");
        Assert.That(pair.Server.NextDeadline - pair.Now, Is.GreaterThan(Instant.Second), "No timer is left behind.");
        server.Send(new byte[100]);
        pair.RunFor(Instant.Second);
        Assert.That(client.ReadAll(), Has.Count.EqualTo(1));
    }

    [AttackRow(21)]
    [Test]
    public void Spoofed_ManyPackets_MoveNothingAndCostAtMostThreeTimesTheirBytes()
    {
        (Pair pair, _, StreamHandle server) = Established();
        long spent = 0;
        long caused = 0;
        var kinds = new HashSet<FrameType>();
        pair.Filter = (_, frame) =>
        {
            if (frame.Header.Destination != Pair.ClientNode && frame.Header.Destination != Pair.ServerNode)
            {
                caused += LinkHeader.Size + frame.Bytes.Length;
                kinds.UnionWith(Frames.TypesOf(frame));
                return false;
            }

            return true;
        };
        for (int i = 0; i < 200; i++)
        {
            // Data is on its way to the client all the time: none of it goes elsewhere.
            server.Send(new byte[1000]);
            spent += InjectFrom(pair, new NodeId(0xBAD, (ulong)(i % 7)), (uint)(1000 + i));
            pair.RunFor(Instant.Millisecond * 7);
        }

        pair.RunFor(5 * Instant.Second);
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(Pair.ClientNode));
        Assert.That(caused, Is.GreaterThan(0).And.LessThanOrEqualTo(3 * spent));
        Assert.That(kinds, Is.EquivalentTo(new[] { FrameType.Ping }));
        Assert.That(pair.Server.Has(EventKind.ConnectionMoved), Is.False);
    }

    [AttackRow(20)]
    [Test]
    public void Spoofed_AnswerThatWasNotAskedFor_MovesNothing()
    {
        (Pair pair, _, _) = Established();

        // The client would take acknowledgements of these for a lie.
        pair.Filter = (_, frame) => frame.Header.Destination == Pair.ServerNode;
        InjectFrom(pair, s_spoofed, number: 1000);
        for (uint guess = 0; guess < 100; guess++)
        {
            InjectFrom(pair, s_spoofed, 1001 + guess, (ref writer) => new PongFrame { PingId = guess }.TryWrite(ref writer));
        }

        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(Pair.ClientNode));
    }

    [Test]
    public void Spoofed_AnswerFromAThirdNode_MovesNothing()
    {
        (Pair pair, _, _) = Established();
        ulong asked = 0;
        pair.Filter = (_, frame) =>
        {
            if (frame.Header.Destination == s_spoofed)
            {
                asked = BinaryPrimitives.ReadUInt64BigEndian(Frames.PayloadsOf(frame, FrameType.Ping).Single());
                return false;
            }

            return true;
        };
        InjectFrom(pair, s_spoofed, number: 1000);
        Assert.That(asked, Is.Not.Zero);
        InjectFrom(pair, new NodeId(0xBAD, 2), 999, (ref writer) => new PongFrame { PingId = asked }.TryWrite(ref writer));
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(Pair.ClientNode));
    }

    [AttackRow(22)]
    [Test]
    public void Old_PacketsFromTheFormerNode_DoNotMoveTheConnectionBack()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Pair.Frame? held = null;
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Client && held is null && Frames.IsDataOf(frame, client.Id))
            {
                held = frame;
                return false;
            }

            return true;
        };
        client.Send(new byte[100]);
        pair.Settle();
        pair.Client.Endpoint.ChangeNode(s_elsewhere, pair.Now);
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(s_elsewhere));
        int asked = 0;
        pair.Filter = (_, frame) =>
        {
            asked += frame.Header.Destination == Pair.ClientNode ? 1 : 0;
            return true;
        };
        pair.Inject(pair.Server, held!);
        pair.RunFor(Instant.Second);
        Assert.That(asked, Is.Zero, "Nobody is even asked there.");
        Assert.That(pair.Server.Connection.Remote, Is.EqualTo(s_elsewhere));
        Assert.That(pair.Server.Events.Count(e => e.Kind == EventKind.ConnectionMoved), Is.EqualTo(1));
    }

    [Test]
    public void Move_CongestionState_BeginsAfresh()
    {
        var pair = new Pair(2, new NetworkConditions { Rate = 20_000_000 });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        var transfer = new Transfer(pair, TransportMode.ReliableOrdered, server, client, messages: 4000);
        transfer.RunUntilDelivered(3000);
        long before = pair.Server.Connection.Statistics.Path.CongestionWindow;
        pair.Client.Endpoint.ChangeNode(s_elsewhere, pair.Now);
        long smallest = long.MaxValue;
        pair.Server.OnEvent = item => smallest = item.Kind == EventKind.ConnectionMoved ? pair.Server.Connection.Statistics.Path.CongestionWindow : smallest;
        transfer.RunToTheEnd();
        Assert.That(smallest, Is.LessThan(before).And.LessThanOrEqualTo(20 * 1500), "The initial window (RFC 9002 §7.2).");
    }

    [Test]
    public void Packet_FromElsewhereBeforeThePeerProvedItself_IsDropped()
    {
        var pair = new Pair();
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        pair.Client.Connection = connection;
        Pair.Frame? accept = null;
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Server)
            {
                accept ??= frame;
                return false;
            }

            return true;
        };
        pair.RunFor(100 * Instant.Millisecond);
        pair.Inject(pair.Client, accept! with { Header = accept!.Header with { Source = s_spoofed } });
        Assert.That(connection.Remote, Is.EqualTo(Pair.ServerNode));
        Assert.That(connection.IsOpen, Is.False);
    }

    private static (Pair Pair, StreamHandle Client, StreamHandle Server) Established()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        pair.RunFor(Instant.Second);
        return (pair, client, server);
    }

    /// <summary>Nobody is any more where the mover was.</summary>
    private static void LoseFramesTo(Pair pair, NodeId former) => pair.Filter = (_, frame) => frame.Header.Destination != former;

    /// <summary>
    /// A packet to the server with the right tag, from another node. By default nothing that is acknowledged: the client would take that for a lie. Returns its
    /// bytes.
    /// </summary>
    private static int InjectFrom(Pair pair, NodeId source, uint number, Forge.Content? content = null)
    {
        Pair.Frame frame = Forge.Packet(
            pair, pair.Server, number, content ?? ((ref writer) => new CongestionFrame().TryWrite(ref writer)), [], Forge.ConnectionOf(pair.Server).LocalTag);
        pair.Inject(pair.Server, frame with { Header = frame.Header with { Source = source } });
        return LinkHeader.Size + frame.Bytes.Length;
    }

    /// <summary>Numbered messages of 500 bytes (RO: as many bytes in a row) from one side to the other.</summary>
    private sealed class Transfer(Pair pair, TransportMode mode, StreamHandle sender, StreamHandle receiver, int messages)
    {
        private const int Size = 500;

        private readonly byte[] _buffer = new byte[64 * 1024];
        private readonly HashSet<int> _seen = [];
        private int _sent;
        private long _bytes;
        private Instant _deliveredAt = pair.Now;

        /// <summary>The longest time without a message.</summary>
        public long LongestPauseNs { get; private set; }

        public int Delivered => mode == TransportMode.ReliableOrdered ? (int)(_bytes / Size) : _seen.Count;

        public int Duplicated { get; private set; }

        public void ForgetPause()
        {
            _deliveredAt = pair.Now;
            LongestPauseNs = 0;
        }

        public void RunUntilDelivered(int count)
        {
            for (int steps = 0; Delivered < Math.Min(count, messages) && steps < 20_000; steps++)
            {
                Step();
            }
        }

        public void RunToTheEnd()
        {
            RunUntilDelivered(mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered ? messages : 0);
            for (int i = 0; i < 2000; i++)
            {
                Step();
            }
        }

        private void Step()
        {
            while (_sent < messages && sender.Statistics.SendBuffered < 32 * 1024)
            {
                byte[] message = new byte[Size];
                BinaryPrimitives.WriteInt32BigEndian(message, _sent);
                if (sender.Send(message).Bytes < Size)
                {
                    break;
                }

                _sent++;
            }

            pair.RunFor(Instant.Millisecond);
            while (receiver.Receive(_buffer) is { Status: CallStatus.Ok } result)
            {
                LongestPauseNs = Math.Max(LongestPauseNs, pair.Now - _deliveredAt);
                _deliveredAt = pair.Now;
                _bytes += result.Bytes;
                if (mode != TransportMode.ReliableOrdered)
                {
                    Duplicated += _seen.Add(BinaryPrimitives.ReadInt32BigEndian(_buffer)) ? 0 : 1;
                }
            }
        }
    }
}
