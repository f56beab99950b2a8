using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Core.Wire;
using NexStream.Tests.Support;
using static NexStream.Tests.Support.PathPair;

namespace NexStream.Tests.Endpoints;

/// <summary>Further paths come and go (docs/wire-format.md, Paths).</summary>
[TestFixture]
public sealed class PathLifecycleTests
{
    [Test]
    public void Open_ByTheClient_IsValidatedFromBothSidesInTwoRoundTrips()
    {
        var paths = new PathPair();
        Instant began = paths.Pair.Now;
        byte id = paths.Open();
        Assert.That(id, Is.EqualTo(1));
        Assert.That(paths.Pair.Now - began, Is.LessThanOrEqualTo(2 * 20 * Instant.Millisecond));
        Assert.That((PathOf(paths.Client, id).Local, PathOf(paths.Client, id).Remote), Is.EqualTo((NodeOf(Pair.ClientNode, 1), NodeOf(Pair.ServerNode, 1))));
        Assert.That((PathOf(paths.Server, id).Local, PathOf(paths.Server, id).Remote), Is.EqualTo((NodeOf(Pair.ServerNode, 1), NodeOf(Pair.ClientNode, 1))));
        Assert.That((Count(paths.Client, EventKind.PathReady, id), Count(paths.Server, EventKind.PathReady, id)), Is.EqualTo((1, 1)));
        Assert.That((paths.Client.Connection.PathCount, paths.Server.Connection.PathCount), Is.EqualTo((2, 2)));
    }

    [Test]
    public void Open_ByTheServer_HasAnEvenId()
    {
        var paths = new PathPair();
        Assert.That(paths.Server.Connection.OpenPath(NodeOf(Pair.ServerNode, 1), paths.Pair.Now, out byte id), Is.EqualTo(CallStatus.Ok));
        Assert.That(id, Is.EqualTo(2));
        paths.Pair.RunFor(Instant.Second);
        Assert.That(IsActive(paths.Client, id) && IsActive(paths.Server, id), Is.True);
    }

    [Test]
    public void Open_PeerWithoutFurtherNodes_TakesThePathAtItsNode()
    {
        var paths = new PathPair(configure: c => c.Node == Pair.ServerNode ? c with { FurtherNodes = [] } : c);
        Assert.That(PathOf(paths.Client, paths.Open()).Remote, Is.EqualTo(Pair.ServerNode));
    }

    [Test]
    public void Open_BothAtOnce_BothPathsAreThere()
    {
        var paths = new PathPair(paths: 3);
        paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 1), paths.Pair.Now, out byte odd);
        paths.Server.Connection.OpenPath(NodeOf(Pair.ServerNode, 2), paths.Pair.Now, out byte even);
        paths.Pair.RunFor(Instant.Second);
        foreach (Pair.Side side in (Pair.Side[])[paths.Client, paths.Server])
        {
            Assert.That(IsActive(side, odd) && IsActive(side, even), Is.True);
        }
    }

    [Test]
    public void Open_OverALossyNetwork_ComesAboutAllTheSame([Range(1, 8)] int seed)
    {
        var paths = new PathPair(network: new NetworkConditions { Loss = 0.2 }, seed: (ulong)seed, connection: new ConnectionConfig { HandshakeTimeout = TimeSpan.FromSeconds(30) });
        paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 1), paths.Pair.Now, out byte id);
        paths.Pair.RunFor(20 * Instant.Second);
        Assert.That(IsActive(paths.Client, id) && IsActive(paths.Server, id), Is.True);
    }

    [Test]
    public void Open_BeyondTheLimitOfEitherSide_IsRefusedHere()
    {
        var paths = new PathPair(paths: 2);
        paths.Open();
        Assert.That(paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 2), paths.Pair.Now, out _), Is.EqualTo(CallStatus.LimitReached));

        var single = new PathPair(paths: 1);
        Assert.That(single.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 1), single.Pair.Now, out _), Is.EqualTo(CallStatus.LimitReached));
        Assert.That(single.Client.Connection.PathCount, Is.EqualTo(1));
    }

    [Test]
    public void Open_WhenTheEndpointsPathsAreUsedUp_IsRefusedAndNoConnectionIsTakenItsPath()
    {
        var paths = new PathPair(paths: 4, configure: c => c with { MaxPaths = c.MaxConnections + 1 });
        paths.Open();
        Assert.That(paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 2), paths.Pair.Now, out _), Is.EqualTo(CallStatus.LimitReached));
        for (int i = 1; i < 8; i++)
        {
            Assert.That(paths.Client.Endpoint.Connect(Pair.ServerNode, paths.Pair.Now, out _), Is.EqualTo(CallStatus.Ok));
        }
    }

    [Test]
    public void Open_FromAStrangersNode_IsAMistakeOfTheCaller()
    {
        var paths = new PathPair();
        Assert.That(() => paths.Client.Connection.OpenPath(new NodeId(1, 2), paths.Pair.Now, out _), Throws.ArgumentException);
    }

    [Test]
    public void Open_NobodyAtTheNewNode_IsGivenUpAndToldToBoth()
    {
        var paths = new PathPair();
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 1), paths.Pair.Now, out byte id);
        paths.Pair.RunFor(10 * Instant.Second);
        Assert.That((paths.Client.Connection.PathCount, paths.Server.Connection.PathCount), Is.EqualTo((1, 1)));
        Assert.That((Count(paths.Client, EventKind.PathClosed, id), Count(paths.Server, EventKind.PathClosed, id)), Is.EqualTo((1, 1)));
        Assert.That(paths.Client.Connection.IsOpen && paths.Server.Connection.IsOpen, Is.True);
        Assert.That(paths.Client.NextDeadline - paths.Pair.Now, Is.GreaterThan(Instant.Second), "No timer is left behind.");
    }

    [Test]
    public void Close_OfAPath_EndsItOnBothSidesAndLosesNothing()
    {
        var paths = new PathPair(network: new NetworkConditions { Rate = 1_000_000 });
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        var data = new byte[100_000];
        new SeededRandom(3).Fill(data);
        int sent = client.Send(data).Bytes;
        paths.Pair.RunFor(30 * Instant.Millisecond);
        Assert.That(PathOf(paths.Client, id).BytesInFlight, Is.GreaterThan(0), "Else nothing would be under way on it.");
        Assert.That(paths.Client.Connection.ClosePath(id, paths.Pair.Now), Is.EqualTo(CallStatus.Ok));
        paths.Pair.RunFor(5 * Instant.Second);
        Assert.That(server.ReadAll().SelectMany(m => m), Is.EqualTo(data.Take(sent)));
        Assert.That((paths.Client.Connection.PathCount, paths.Server.Connection.PathCount), Is.EqualTo((1, 1)));
        Assert.That(Count(paths.Server, EventKind.PathClosed, id), Is.EqualTo(1));
        Assert.That(paths.Client.Connection.ClosePath(id, paths.Pair.Now), Is.EqualTo(CallStatus.Closed));
        Assert.That(paths.Open(2), Is.EqualTo(3), "No id is used twice.");
    }

    [Test]
    public void Close_OfTheFirstPath_IsAMistakeOfTheCaller()
    {
        var paths = new PathPair();
        Assert.That(() => paths.Client.Connection.ClosePath(0, paths.Pair.Now), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Close_ThatOvertakesTheOffer_CountsAsBoth()
    {
        var paths = new PathPair();
        Pair.Frame? offer = null;
        paths.Look = frame =>
        {
            bool isOffer = offer is null && frame.Carries(FrameType.PathOffer);
            offer = isOffer ? frame : offer;
            return !isOffer;
        };
        paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 1), paths.Pair.Now, out byte id);
        paths.Pair.Settle();
        paths.Client.Connection.ClosePath(id, paths.Pair.Now);
        paths.Pair.RunFor(15 * Instant.Millisecond);
        paths.Pair.Inject(paths.Server, offer!);
        paths.Pair.RunFor(Instant.Second);
        Assert.That(paths.Server.Connection.PathCount, Is.EqualTo(1));
        Assert.That(paths.Server.Connection.IsOpen && paths.Client.Connection.IsOpen, Is.True);
    }

    [Test]
    public void Ids_AfterAllWereUsed_NoPathCanBeOpened()
    {
        var paths = new PathPair();
        for (int i = 0; i < 127; i++)
        {
            Assert.That(paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 1), paths.Pair.Now, out byte id), Is.EqualTo(CallStatus.Ok));
            Assert.That(id, Is.EqualTo((2 * i) + 1));
            paths.Pair.RunFor(100 * Instant.Millisecond);
            paths.Client.Connection.ClosePath(id, paths.Pair.Now);
            paths.Pair.RunFor(100 * Instant.Millisecond);
        }

        Assert.That(paths.Client.Connection.OpenPath(NodeOf(Pair.ClientNode, 1), paths.Pair.Now, out _), Is.EqualTo(CallStatus.LimitReached));
        Assert.That(paths.Server.Connection.IsOpen, Is.True);
    }

    [Test]
    public void LatePacket_OfAClosedPath_IsDroppedAndCounted()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        Pair.Frame late = Forge.Packet(paths.Pair, paths.Server, 500, (ref writer) => new Core.Wire.Frames.PingFrame { PingId = 1 }.TryWrite(ref writer), [], StateOf(paths.Server, id).LocalTag);
        paths.Server.Connection.ClosePath(id, paths.Pair.Now);
        ulong before = paths.Server.Endpoint.Statistics.UnknownTagDropped;
        paths.Pair.Inject(paths.Server, late);
        Assert.That(paths.Server.Endpoint.Statistics.UnknownTagDropped, Is.EqualTo(before + 1));
        paths.Pair.RunFor(Instant.Second);
        Assert.That(paths.Client.Connection.IsOpen && paths.Server.Connection.IsOpen, Is.True);
    }

    [Test]
    public void Node_ChangesOnTheFirstPath_TheOtherStaysAndGoesOn()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        var elsewhere = new NodeId(0xC11E, 77);
        paths.Kill(Pair.ClientNode);
        paths.Client.Endpoint.ChangeNode(elsewhere, paths.Pair.Now);
        paths.Pair.RunFor(Instant.Second);
        Assert.That(paths.Server.Connection.Remote, Is.EqualTo(elsewhere));
        Assert.That(PathOf(paths.Server, id).Remote, Is.EqualTo(NodeOf(Pair.ClientNode, 1)));
        Assert.That(IsActive(paths.Client, 0) && IsActive(paths.Client, id), Is.True);
    }

    [Test]
    public void Statistics_OfEachPath_AreItsOwn()
    {
        var paths = new PathPair(paths: 3);
        byte id = paths.Open();
        Assert.That(paths.Client.Connection.TryGetPathAt(1, out PathStatistics second) && second.Id == id, Is.True);
        Assert.That(paths.Client.Connection.TryGetPathAt(2, out _), Is.False);
        Assert.That(paths.Client.Connection.TryGetPathAt(-1, out _), Is.False);
        Assert.That(paths.Client.Connection.TryGetPath(9, out _), Is.False);
        Assert.That(paths.Client.Connection.SetPathWeight(id, 7), Is.EqualTo(CallStatus.Ok));
        Assert.That(PathOf(paths.Client, id).Weight, Is.EqualTo(7));
        Assert.That(paths.Client.Connection.SetPathWeight(9, 7), Is.EqualTo(CallStatus.Closed));
        Assert.That(PathOf(paths.Client, id).PacketsSent, Is.GreaterThan(0).And.LessThan(20));
    }

    [Test]
    public void Connection_ThatCloses_FreesAllOfItsPaths()
    {
        var paths = new PathPair(paths: 3);
        paths.Open();
        paths.Open(2);
        Assert.That(paths.Client.Endpoint.State.Paths.Count - paths.Client.Endpoint.State.Paths.FreeCount, Is.EqualTo(3));
        paths.Kill(Pair.ClientNode);
        paths.Client.Connection.Close(paths.Pair.Now);
        paths.Pair.RunFor(20 * Instant.Second);
        Assert.That(paths.Server.Has(EventKind.ConnectionClosed) && paths.Client.Has(EventKind.ConnectionClosed), Is.True, "CONN_CLOSE finds a way that is alive.");
        Assert.That(paths.Client.Endpoint.State.Paths.FreeCount, Is.EqualTo(paths.Client.Endpoint.State.Paths.Count));
        Assert.That(paths.Server.Endpoint.State.Paths.FreeCount, Is.EqualTo(paths.Server.Endpoint.State.Paths.Count));
        Assert.That(paths.Server.Events.Single(e => e.Kind == EventKind.ConnectionClosed).Reason, Is.EqualTo(ReasonCode.None));
    }
}
