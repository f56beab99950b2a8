using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;
using static NexStream.Tests.Support.PathPair;

namespace NexStream.Tests.Endpoints;

/// <summary>Paths that die, and live again.</summary>
[TestFixture]
public sealed class PathDeathTests
{
    [TestCase(false)]
    [TestCase(true)]
    public void Death_InTheMiddleOfATransfer_MovesWhatWasUnderWayAtOnce(bool isFirst)
    {
        var paths = new PathPair(network: new NetworkConditions { Rate = 1_250_000 });
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        var transfer = new Transfer(paths.Pair, client, server, total: 1_000_000);
        transfer.RunUntil(300_000);
        byte dead = isFirst ? (byte)0 : id;
        byte living = isFirst ? id : (byte)0;
        Assert.That(PathOf(paths.Client, dead).BytesInFlight, Is.GreaterThan(0));
        paths.Kill(isFirst ? Pair.ClientNode : NodeOf(Pair.ClientNode, 1));
        transfer.RunUntil(1_000_000);
        Assert.That(transfer.LongestPauseNs, Is.LessThan(200 * Instant.Millisecond));
        Assert.That(Count(paths.Client, EventKind.PathLost, dead), Is.EqualTo(1));
        Assert.That((IsActive(paths.Client, dead), IsActive(paths.Client, living)), Is.EqualTo((false, true)));
        TestContext.Out.WriteLine($"longest pause {transfer.LongestPauseNs / 1e6:F0} ms");
    }

    [Test]
    public void Death_Then_RevivalIsNoticedAndThePathUsedAgain()
    {
        var paths = new PathPair(network: new NetworkConditions { Rate = 1_250_000 });
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        var transfer = new Transfer(paths.Pair, client, server, total: 8_000_000);
        transfer.RunUntil(300_000);
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        transfer.RunUntil(1_500_000);
        ulong sent = PathOf(paths.Client, id).PacketsSent;
        paths.Heal(NodeOf(Pair.ClientNode, 1));
        transfer.RunUntil(8_000_000);
        Assert.That(IsActive(paths.Client, id), Is.True);
        Assert.That(PathOf(paths.Client, id).PacketsSent - sent, Is.GreaterThan(500), "It carries data again.");
        Assert.That(Count(paths.Client, EventKind.PathReady, id), Is.EqualTo(2));
    }

    [Test]
    public void Silent_ForALongTime_IsAskedRarelyAndHoldsNothing()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        paths.Client.Connection.SetPathWeight(id, 1);
        StateOf(paths.Client, id).Control |= Core.State.PathControl.Ping;
        Exchange(paths, client, server, seconds: 60);
        ulong sent = PathOf(paths.Client, id).PacketsSent;
        int held = paths.Client.Endpoint.State.Packets.Count;
        Exchange(paths, client, server, seconds: 60);
        Assert.That(IsActive(paths.Client, id), Is.False);
        Assert.That(PathOf(paths.Client, id).PacketsSent - sent, Is.InRange(10, 60), "About a question in two seconds.");
        Assert.That(paths.Client.Endpoint.State.Packets.Count, Is.LessThanOrEqualTo(held + 2));
        Assert.That(paths.Client.Connection.IsOpen && paths.Server.Connection.IsOpen, Is.True, "The other path lives.");
    }

    [Test]
    public void Silent_OnAnIdleConnection_DoesNotEndIt()
    {
        var paths = new PathPair(connection: new ConnectionConfig { IdleTimeout = TimeSpan.FromMinutes(10), PeerTimeout = TimeSpan.FromSeconds(5) });
        byte id = paths.Open();
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        StateOf(paths.Client, id).Control |= Core.State.PathControl.Ping;
        (StreamHandle client, _) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        client.Send(new byte[10]);
        paths.Pair.RunFor(60 * Instant.Second);
        Assert.That(IsActive(paths.Client, id), Is.False);
        Assert.That(paths.Client.Connection.IsOpen, Is.True, "Questions on a dead path are no sign that the peer is gone.");
    }

    [Test]
    public void Death_OfAllPaths_EndsTheConnectionAsWithOne()
    {
        var paths = new PathPair();
        paths.Open();
        (StreamHandle client, _) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        paths.Kill(Pair.ClientNode);
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        client.Send(new byte[100_000]);
        paths.Pair.RunFor(40 * Instant.Second);
        Assert.That(paths.Client.Events.Single(e => e.Kind == EventKind.ConnectionClosed).Reason, Is.EqualTo(ReasonCode.PeerUnresponsive));
    }

    /// <summary>
    /// Found by the swarm (seed 1796081935), where both sides had closed the path that the other used: answers came back on the silent path, but what acknowledged them went, at
    /// both ends, over the one that was dead and the only one left.
    /// </summary>
    [Test]
    public void Revival_WhileTheOnlyOtherPathDies_IsNoticedByTheAnswerItself()
    {
        var paths = new PathPair(network: new NetworkConditions { Rate = 1_250_000 });
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        (StreamHandle back, StreamHandle reader) = OpenBack(paths, id);
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        for (int i = 0; i < 100 && (IsActive(paths.Client, id) || IsActive(paths.Server, id)); i++)
        {
            client.Send(new byte[2000]);
            back.Send(new byte[2000]);
            paths.Pair.RunFor(20 * Instant.Millisecond);
            server.ReadAll();
            reader.ReadAll();
        }

        Assert.That((IsActive(paths.Client, id), IsActive(paths.Server, id)), Is.EqualTo((false, false)));
        paths.Kill(Pair.ClientNode);
        paths.Heal(NodeOf(Pair.ClientNode, 1));
        var transfer = new Transfer(paths.Pair, client, server, total: 100_000);
        transfer.RunUntil(100_000);
        Assert.That(transfer.LongestPauseNs, Is.LessThan(3 * Instant.Second), "A silent path is asked every two seconds.");
    }

    [TestCase(1ul, false, false, Description = "a question that was not asked")]
    [TestCase(0ul, true, false, Description = "from elsewhere")]
    [TestCase(0ul, false, true)]
    public void Silent_Answer_BringsThePathBackIfItIsOne(ulong other, bool isFromElsewhere, bool isBack)
    {
        var paths = new PathPair();
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        StateOf(paths.Client, id).Control |= Core.State.PathControl.Ping;
        Exchange(paths, client, server, seconds: 10);
        Assert.That(IsActive(paths.Client, id), Is.False);
        Core.State.Path path = StateOf(paths.Client, id);
        ulong sent = path.PacketsSent;
        paths.Pair.RunUntil(() => path.PacketsSent > sent);
        const uint NewNumber = 1000;
        Pair.Frame frame = Forge.Packet(
            paths.Pair, paths.Client, NewNumber, (ref writer) => new PongFrame { PingId = path.PingId + other }.TryWrite(ref writer), default, path.LocalTag);
        (frame.Packet with { PathId = id }).Write(frame.Bytes);
        LinkHeader header = frame.Header with { Source = isFromElsewhere ? NodeOf(Pair.ServerNode, 5) : path.Remote, Destination = path.Local };
        paths.Pair.Inject(paths.Client, new Pair.Frame(header, frame.Bytes));
        Assert.That(IsActive(paths.Client, id), Is.EqualTo(isBack));
    }

    [Test]
    public void Acknowledgement_OfADeadPathsPackets_TravelsOnAnother()
    {
        var paths = new PathPair(network: new NetworkConditions { Rate = 1_250_000 });
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered, Path: id));
        (StreamHandle back, StreamHandle reader) = OpenBack(paths, id);

        // Only what the server sends on the second path is lost: it falls silent there for the server, and the client's packets still come.
        paths.Look = frame => frame.Header.Source != NodeOf(Pair.ServerNode, 1);
        for (int i = 0; i < 400; i++)
        {
            client.Send(new byte[2000]);
            back.Send(new byte[2000]);
            paths.Pair.RunFor(5 * Instant.Millisecond);
            server.ReadAll();
            reader.ReadAll();
        }

        Assert.That(IsActive(paths.Server, id), Is.False, "The server hears nothing of what it sends there.");
        Assert.That(IsActive(paths.Client, id), Is.True, "The client's packets arrive, and are acknowledged on the other path.");
        Assert.That(PathOf(paths.Client, id).Delivered, Is.GreaterThan(10_000));
    }

    /// <summary>
    /// Found by the swarm (seed 1795949819): each packet was given up before its acknowledgement could be there, so that no round trip was ever measured, and the path
    /// fell silent and came back a thousand times a second, for ever.
    /// </summary>
    [Test]
    public void Path_ThatBecomesLongerThanItsProbeTimeout_IsMeasuredWithTheFirstAnswer()
    {
        var paths = new PathPair(
            network: new NetworkConditions { DelayNs = 100 * Instant.Microsecond }, connection: new ConnectionConfig { MaxAckDelay = TimeSpan.FromMilliseconds(1) });
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Exchange(paths, client, server, seconds: 1);
        paths.Pair.ToServer = paths.Pair.ToClient = new NetworkConditions { DelayNs = 2 * Instant.Millisecond };
        client.Send(new byte[1000]);
        paths.Pair.RunUntil(() => Count(paths.Client, EventKind.PathReady, 0) == 1);
        Assert.That(Count(paths.Client, EventKind.PathLost, 0), Is.EqualTo(1), "Its packet was given up before the acknowledgement was there.");
        Assert.That(StateOf(paths.Client, 0).Rtt.LatestNs, Is.EqualTo(4 * Instant.Millisecond).Within(Instant.Millisecond));
        for (int i = 0; i < 500; i++)
        {
            client.Send(new byte[1000]);
            paths.Pair.RunFor(10 * Instant.Millisecond);
            server.ReadAll();
        }

        Assert.That(Count(paths.Client, EventKind.PathLost, 0) + Count(paths.Client, EventKind.PathLost, id), Is.InRange(1, 10));
        Assert.That((IsActive(paths.Client, 0), IsActive(paths.Client, id)), Is.EqualTo((true, true)));
    }

    private static (StreamHandle Sender, StreamHandle Reader) OpenBack(PathPair paths, byte path)
    {
        Assert.That(paths.Server.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered, Path: path), out StreamHandle back), Is.EqualTo(CallStatus.Ok));
        back.Send(new byte[1]);
        paths.Pair.RunUntil(() => paths.Client.Has(EventKind.StreamOpened));
        return (back, paths.Client.Events.First(e => e.Kind == EventKind.StreamOpened).Stream);
    }

    private static void Exchange(PathPair paths, StreamHandle client, StreamHandle server, int seconds)
    {
        for (int i = 0; i < seconds; i++)
        {
            client.Send(new byte[1000]);
            paths.Pair.RunFor(Instant.Second);
            server.ReadAll();
        }
    }

    private sealed class Transfer(Pair pair, StreamHandle sender, StreamHandle receiver, long total)
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private readonly byte[] _data = new byte[16 * 1024];
        private long _sent;
        private long _received;
        private Instant _receivedAt = pair.Now;

        public long LongestPauseNs { get; private set; }

        public void RunUntil(long bytes)
        {
            for (int steps = 0; _received < bytes && steps < 60_000; steps++)
            {
                int length = (int)Math.Min(_data.Length, total - _sent);
                _sent += length > 0 ? sender.Send(_data.AsSpan(0, length)).Bytes : 0;
                pair.RunFor(Instant.Millisecond);
                while (receiver.Receive(_buffer) is { Status: CallStatus.Ok } result)
                {
                    LongestPauseNs = Math.Max(LongestPauseNs, pair.Now - _receivedAt);
                    _receivedAt = pair.Now;
                    _received += result.Bytes;
                }
            }

            Assert.That(_received, Is.GreaterThanOrEqualTo(bytes));
        }
    }
}
