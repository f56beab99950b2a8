using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>How connections end because somebody wants them to.</summary>
[TestFixture]
public sealed class ConnectionCloseTests
{
    private const ReasonCode AppReason = ReasonCode.ApplicationBase + 3;

    private static readonly NetworkConditions s_bad = new() { Loss = 0.1, Reorder = 0.1, Duplicate = 0.1 };

    private readonly byte[] _buffer = new byte[64 * 1024];

    [Test]
    public void Close_DataQueuedOnBothSides_FlushesBothAndReportsNothingLost([Values] bool isBad, [Range(1, 10)] int seed)
    {
        var pair = new Pair((ulong)seed, isBad ? s_bad : null);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        const int length = 60_000;
        var got = new Dictionary<Pair.Side, int> { [pair.Client] = 0, [pair.Server] = 0 };
        foreach (Pair.Side side in new[] { pair.Client, pair.Server })
        {
            side.OnEvent = e =>
            {
                while (e.Kind == EventKind.StreamReadable && e.Stream.Receive(_buffer) is { Status: CallStatus.Ok, Bytes: > 0 } result)
                {
                    got[side] += result.Bytes;
                }
            };
        }

        Assert.That(client.Send(new byte[length]).Bytes, Is.EqualTo(length));
        Assert.That(server.Send(new byte[length]).Bytes, Is.EqualTo(length));
        Assert.That(pair.Client.Connection.Close(pair.Now, AppReason), Is.EqualTo(CallStatus.Ok));
        Assert.That(client.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed) && pair.Server.Has(EventKind.ConnectionClosed));
        Assert.That(got.Values, Is.All.EqualTo(length));
        AssertClosed(pair.Client, AppReason, default);
        AssertClosed(pair.Server, AppReason, default);
        Assert.That(pair.Server.Events.Single(e => e.Kind == EventKind.ConnectionClosing).Reason, Is.EqualTo(AppReason));
        AssertForgotten(pair);
    }

    [Test]
    public void Close_FromBothSidesAtOnce_EndsBothCleanly([Values] bool isBad, [Range(1, 10)] int seed)
    {
        var pair = new Pair((ulong)seed, isBad ? s_bad : null);
        pair.Connect();
        Instant start = pair.Now;
        pair.Client.Connection.Close(pair.Now);
        pair.Server.Connection.Close(pair.Now);
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed) && pair.Server.Has(EventKind.ConnectionClosed));
        Assert.That(pair.Now - start, Is.LessThan(isBad ? 5 * Instant.Second : 50 * Instant.Millisecond));
        AssertClosed(pair.Client, ReasonCode.None, default);
        AssertClosed(pair.Server, ReasonCode.None, default);
        AssertForgotten(pair);
    }

    [Test]
    public void Close_PeerDoesNotAnswer_EndsAfterLingerAndReportsWhatWasNotDelivered()
    {
        var pair = new Pair(connection: new ConnectionConfig { Linger = TimeSpan.FromSeconds(3) });
        pair.Connect();
        (StreamHandle ordered, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        (StreamHandle unordered, _) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        (StreamHandle bestEffort, _) = pair.Open(new StreamConfig(TransportMode.BestEffort));
        pair.RunFor(Instant.Second);
        pair.Filter = (_, _) => false;
        Assert.That(ordered.Send(new byte[5000]).Bytes, Is.EqualTo(5000));
        for (int i = 0; i < 7; i++)
        {
            Assert.That(unordered.Send(new byte[300]).Status, Is.EqualTo(CallStatus.Ok));
            Assert.That(bestEffort.Send(new byte[300]).Status, Is.EqualTo(CallStatus.Ok));
        }

        Instant start = pair.Now;
        pair.Client.Connection.Close(pair.Now, AppReason);
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed));
        Assert.That(pair.Now - start, Is.EqualTo(3 * Instant.Second));
        AssertClosed(pair.Client, AppReason, new DrainReport(5000 + (7 * 300), 7, 0));
        pair.RunFor(60 * Instant.Second);
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.Zero);
    }

    [Test]
    public void Close_AcknowledgementIsLostUntilThePeerHasForgotten_IsCleanAllTheSame()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        client.Send(new byte[1000]);
        pair.RunFor(Instant.Second);
        Assert.That(server.Receive(_buffer).Bytes, Is.EqualTo(1000));
        pair.Filter = (from, _) => from == pair.Client;
        pair.Client.Connection.Close(pair.Now, AppReason);
        pair.RunUntil(() => pair.Server.Endpoint.Statistics.ConnectionCount == 0);
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed), Is.False);
        pair.Filter = null;
        pair.RunFor(5 * Instant.Second);
        AssertClosed(pair.Client, AppReason, default);
        AssertClosed(pair.Server, AppReason, default);
        AssertForgotten(pair);
    }

    [Test]
    public void Abort_DataOutstanding_EndsBothAtOnceAndReportsIt()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        client.Send(new byte[1000]);
        server.Send(new byte[500]);
        Assert.That(pair.Client.Connection.Abort(pair.Now, AppReason), Is.EqualTo(CallStatus.Ok));
        Assert.That(client.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        pair.Settle();
        AssertClosed(pair.Client, AppReason, new DrainReport(1000, 0, 0));
        pair.RunFor(10 * Instant.Millisecond);
        AssertClosed(pair.Server, AppReason, new DrainReport(500, 0, 0));
        AssertForgotten(pair);
    }

    [Test]
    public void Abort_ItsOnlyPacketIsLost_PeerLearnsFromTheNextThatItSends()
    {
        var pair = new Pair();
        pair.Connect();
        (_, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        pair.Filter = (_, frame) => !frame.Carries(FrameType.ConnClose);
        pair.Client.Connection.Abort(pair.Now, AppReason);
        pair.Settle();
        pair.Filter = null;
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        server.Send(new byte[100]);
        pair.RunFor(100 * Instant.Millisecond);
        AssertClosed(pair.Server, ReasonCode.ConnectionUnknown, new DrainReport(100, 0, 0));
        AssertForgotten(pair);
    }

    [Test]
    public void Close_PeerHasUnreadData_StaysReadableUntilItIsRead([Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode)
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        client.Send(new byte[1000]);
        pair.Client.Connection.Close(pair.Now);
        pair.RunFor(Instant.Second);
        AssertClosed(pair.Client, ReasonCode.None, default);
        Assert.That(pair.Server.Has(EventKind.ConnectionClosing), Is.True);
        Assert.That(pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        Assert.That(server.IsReadable, Is.True);
        Assert.That(server.Receive(_buffer).Bytes, Is.EqualTo(1000));
        pair.RunFor(1);
        AssertClosed(pair.Server, ReasonCode.None, default);
        AssertForgotten(pair);
    }

    [Test]
    public void Close_PeerReadsToTheEnd_FindsTheEndBeforeTheConnectionEnds(
        [Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode, [Values(0, 1000)] int length)
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        if (length > 0)
        {
            client.Send(new byte[length]);
        }

        client.Finish();
        pair.Client.Connection.Close(pair.Now);
        pair.RunUntil(() => pair.Server.Has(EventKind.ConnectionClosing));
        if (length > 0)
        {
            pair.RunFor(Instant.Second);
            Assert.That(server.Receive(_buffer).Bytes, Is.EqualTo(length));
        }
        else
        {
            // Another timer that is due when the close arrives takes nothing away: the rest of the turn belongs to the application.
            pair.Server.Endpoint.HandleTimeout(pair.Server.Connection, pair.Now);
            pair.Settle();
        }

        Assert.That(server.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
        pair.RunFor(Instant.Second);
        AssertClosed(pair.Server, ReasonCode.None, default);
        AssertForgotten(pair);
    }

    [Test]
    public void Close_PeerNeverReads_ReportsTheUnreadBytesAfterLinger()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        client.Send(new byte[1000]);
        Instant start = pair.Now;
        pair.Client.Connection.Close(pair.Now);
        pair.RunUntil(() => pair.Server.Has(EventKind.ConnectionClosed));
        Assert.That(pair.Now - start, Is.InRange(5 * Instant.Second, 6 * Instant.Second));
        AssertClosed(pair.Client, ReasonCode.None, default);
        AssertClosed(pair.Server, ReasonCode.None, new DrainReport(0, 0, 1000));
        AssertForgotten(pair);
    }

    [Test]
    public void Close_BeforeTheConnectionIsEstablished_EndsItAtOnce()
    {
        var pair = new Pair();
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle connection);
        Assert.That(connection.Close(pair.Now), Is.EqualTo(CallStatus.Ok));
        pair.Settle();
        AssertClosed(pair.Client, ReasonCode.Aborted, default);
        pair.RunFor(20 * Instant.Second);
        Assert.That(pair.Server.Events, Is.Empty);
        AssertForgotten(pair);
    }

    [Test]
    public void Close_Twice_ChangesNothing()
    {
        var pair = new Pair();
        pair.Connect();
        pair.Client.Connection.Close(pair.Now, AppReason);
        Assert.That(pair.Client.Connection.Close(pair.Now, ReasonCode.None), Is.EqualTo(CallStatus.Ok));
        pair.RunFor(Instant.Second);
        AssertClosed(pair.Client, AppReason, default);
        AssertClosed(pair.Server, AppReason, default);
        Assert.That(pair.Client.Connection.Close(pair.Now), Is.EqualTo(CallStatus.Closed));
    }

    [Test]
    public void Handles_ConnectionEndedAndItsPlaceIsUsedAgain_AnswerClosed()
    {
        var pair = new Pair();
        pair.Connect();
        ConnectionHandle old = pair.Client.Connection;
        (StreamHandle oldClient, StreamHandle oldServer) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        old.Close(pair.Now);
        pair.RunFor(10 * Instant.Second);
        AssertForgotten(pair);
        pair.Client.Events.Clear();
        pair.Server.Events.Clear();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Assert.That(pair.Client.Connection.Index, Is.EqualTo(old.Index));
        Assert.That(client.Index, Is.EqualTo(oldClient.Index));
        Assert.That(old.IsAlive || old.IsOpen, Is.False);
        Assert.That(old.Remote, Is.EqualTo(default(NodeId)));
        Assert.That(old.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _), Is.EqualTo(CallStatus.Closed));
        Assert.That(old.Close(pair.Now), Is.EqualTo(CallStatus.Closed));
        Assert.That(old.Abort(pair.Now), Is.EqualTo(CallStatus.Closed));
        Assert.That(oldClient.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(oldServer.Receive(_buffer).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(client.Send([9]).Bytes, Is.EqualTo(1));
        pair.RunFor(Instant.Second);
        Assert.That(server.Receive(_buffer).Bytes, Is.EqualTo(1));
        Assert.That(_buffer[0], Is.EqualTo(9));
    }

    [Test]
    public void Connections_TenThousandInARowThroughFewPlaces_LeaveNothingBehind()
    {
        var pair = new Pair(
            network: new NetworkConditions { DelayNs = Instant.Millisecond },
            configure: c => c with { MaxConnections = 4, HalfOpenThreshold = 4, MaxStreams = 16, MaxMessages = 64, MaxChunks = 64, MaxPacketsInFlight = 256 },
            frameCount: 64);
        Holdings clientBefore = Holdings.Of(pair.Client.Endpoint);
        Holdings serverBefore = Holdings.Of(pair.Server.Endpoint);
        int closedCleanly = 0;
        int delivered = 0;
        Action<EndpointEvent> onEvent = e =>
        {
            closedCleanly += e is { Kind: EventKind.ConnectionClosed, Reason: ReasonCode.None, Report.IsClean: true } ? 1 : 0;
            delivered += e.Kind == EventKind.StreamReadable && e.Stream.Receive(_buffer).Bytes == 3 ? 1 : 0;
        };
        pair.Client.OnEvent = onEvent;
        pair.Server.OnEvent = onEvent;
        const int count = 10_000;
        for (int i = 0; i < count; i++)
        {
            pair.Client.Events.Clear();
            pair.Server.Events.Clear();
            pair.RunUntil(() => pair.Client.Endpoint.Statistics.ConnectionCount < 4 && pair.Server.Endpoint.Statistics.ConnectionCount < 4);
            pair.Connect();
            var mode = (TransportMode)(1 + (i % 2));
            Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(mode), out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
            Assert.That(stream.Send([1, 2, 3]).Status, Is.EqualTo(CallStatus.Ok));
            (i % 3 == 0 ? pair.Server : pair.Client).Connection.Close(pair.Now);
            pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed) && pair.Server.Has(EventKind.ConnectionClosed));
        }

        pair.RunFor(10 * Instant.Second);
        Assert.That(closedCleanly, Is.EqualTo(2 * count));
        Assert.That(delivered, Is.EqualTo(count));
        Assert.That(Holdings.Of(pair.Client.Endpoint), Is.EqualTo(clientBefore));
        Assert.That(Holdings.Of(pair.Server.Endpoint), Is.EqualTo(serverBefore));
    }

    private static void AssertClosed(Pair.Side side, ReasonCode reason, DrainReport report)
    {
        EndpointEvent closed = side.Events.Single(e => e.Kind == EventKind.ConnectionClosed);
        Assert.That(closed.Reason, Is.EqualTo(reason));
        Assert.That(closed.Report, Is.EqualTo(report));
    }

    private static void AssertForgotten(Pair pair)
    {
        pair.RunFor(20 * Instant.Second);
        foreach (Pair.Side side in new[] { pair.Client, pair.Server })
        {
            Holdings holdings = Holdings.Of(side.Endpoint);
            Assert.That(holdings, Is.EqualTo(new Holdings(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, side.Endpoint.Arena.FrameCount)));
        }
    }
}
