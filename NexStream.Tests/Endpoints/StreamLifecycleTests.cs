using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

[TestFixture]
public sealed class StreamLifecycleTests
{
    private const ReasonCode AppReason = ReasonCode.ApplicationBase + 7;

    private static readonly NetworkConditions s_bad = new() { Loss = 0.1, Reorder = 0.3, Duplicate = 0.1 };

    private static readonly TransportMode[] s_reliable = [TransportMode.ReliableOrdered, TransportMode.ReliableUnordered];

    private readonly byte[] _buffer = new byte[4096];

    [TestCaseSource(nameof(s_reliable))]
    public void Finish_ByTheOpenerFirst_LeavesTheOtherHalfOpen(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(mode);
        FinishFirst(pair, client, server);
        AssertGone(pair, client, server);
    }

    [TestCaseSource(nameof(s_reliable))]
    public void Finish_ByTheAcceptorFirst_LeavesTheOtherHalfOpen(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(mode);
        FinishFirst(pair, server, client);
        AssertGone(pair, client, server);
    }

    [Test]
    public void Finish_NothingWasSent_PeerReadsTheEnd([Values] TransportMode mode, [Range(1, 5)] int seed)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(mode, s_bad, (ulong)seed);
        client.Finish();
        pair.RunUntil(() => server.IsReadable);
        Assert.That(server.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
        server.Finish();
        pair.RunUntil(() => client.IsReadable);
        Assert.That(client.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
        pair.RunFor(10 * Instant.Second);
        AssertGone(pair, client, server);
    }

    [Test]
    public void Receive_LeftItsBufferUnfilled_AnEventTellsOfMoreBytesAndACallOfTheEnd()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(TransportMode.ReliableOrdered);
        for (int told = 0; told < 3; told++)
        {
            client.Send(new byte[100]);
            pair.RunUntil(() => pair.Server.Events.Count(e => e.Kind == EventKind.StreamReadable) > told);
            Assert.That(server.Receive(_buffer), Is.EqualTo(new ReceiveResult(CallStatus.Ok, 100)));
        }

        client.Send(new byte[100]);
        client.Finish();
        pair.RunFor(Instant.Second);
        Assert.That(server.Receive(_buffer), Is.EqualTo(new ReceiveResult(CallStatus.Ok, 100)));
        Assert.That(server.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
    }

    [Test]
    public void Finish_Twice_IsRefusedTheSecondTime()
    {
        (Pair pair, StreamHandle client, _) = Start(TransportMode.ReliableOrdered);
        Assert.That(client.Finish(), Is.EqualTo(CallStatus.Ok));
        Assert.That(client.Finish(), Is.EqualTo(CallStatus.Closed));
        Assert.That(client.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Has(EventKind.ConnectionClosed), Is.False);
    }

    [Test]
    public void Finish_BeforeTheStreamIsKnownToThePeer_EndsTheStreamAllTheSame([Values] TransportMode mode, [Range(1, 5)] int seed)
    {
        var pair = new Pair((ulong)seed, s_bad);
        pair.Connect();
        Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(mode), out StreamHandle client), Is.EqualTo(CallStatus.Ok));
        uint id = client.Id;
        client.Close();
        pair.Server.OnEvent = e =>
        {
            if (e.Kind == EventKind.StreamOpened)
            {
                e.Stream.Close();
            }
        };
        pair.RunUntil(() => Ended(pair.Client) == 1 && Ended(pair.Server) == 1);
        Assert.That(pair.Server.Events.Count(e => e.Kind == EventKind.StreamOpened), Is.EqualTo(1));
        Assert.That(id, Is.EqualTo(1));
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Endpoint.Statistics.StreamCount + pair.Client.Endpoint.Statistics.StreamCount, Is.Zero);
    }

    [Test]
    public void Reset_DataOutstanding_PeerLearnsTheReasonAndBothEnd([Values] TransportMode mode, [Range(1, 5)] int seed)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(mode, s_bad, (ulong)seed);
        for (int i = 0; i < 50; i++)
        {
            client.Send(new byte[900]);
        }

        pair.RunFor(5 * Instant.Millisecond);
        Assert.That(client.Reset(AppReason), Is.EqualTo(CallStatus.Ok));
        Assert.That(client.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        pair.RunUntil(() => pair.Server.Has(EventKind.StreamReset));
        Assert.That(pair.Server.Events.Single(e => e.Kind == EventKind.StreamReset).Reason, Is.EqualTo(AppReason));
        pair.RunFor(20 * Instant.Second);

        // A reset asks the peer to stop as well, so that both halves end without its doing anything.
        AssertGone(pair, client, server);
        Assert.That(pair.Server.Events.Single(e => e.Kind == EventKind.StreamStopped).Reason, Is.EqualTo(AppReason));
    }

    [Test]
    public void Close_PeerIsSending_PeerIsStopped([Values] TransportMode mode, [Range(1, 5)] int seed)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(mode, s_bad, (ulong)seed);
        client.Send([1, 2, 3]);
        pair.RunFor(Instant.Second);
        for (int i = 0; i < 50; i++)
        {
            server.Send(new byte[900]);
        }

        pair.RunFor(5 * Instant.Millisecond);
        Assert.That(client.Close(), Is.EqualTo(CallStatus.Ok));
        Assert.That(client.Receive(_buffer).Status, Is.EqualTo(CallStatus.Closed));
        pair.RunUntil(() => pair.Server.Has(EventKind.StreamStopped));
        Assert.That(server.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        pair.RunFor(10 * Instant.Second);
        while (server.Receive(_buffer).Status == CallStatus.Ok)
        {
        }

        pair.RunFor(10 * Instant.Second);
        AssertGone(pair, client, server);
    }

    [Test]
    public void Close_PeerHadFinished_EndsWithoutStoppingIt()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(TransportMode.ReliableOrdered);
        server.Send(new byte[100]);
        server.Finish();
        pair.RunFor(Instant.Second);
        client.Close();
        pair.RunFor(Instant.Second);
        Assert.That(server.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Has(EventKind.StreamStopped), Is.False);
        AssertGone(pair, client, server);
    }

    [Test]
    public void Open_BeyondThePeersLimit_IsRefusedUntilAStreamEnds([Values(1, 2, 3, 8, 20)] int limit)
    {
        var pair = new Pair(connection: new ConnectionConfig { MaxStreams = limit });
        pair.Connect();
        var streams = new List<StreamHandle>();
        var config = new StreamConfig(TransportMode.ReliableOrdered);
        for (int i = 0; i < limit; i++)
        {
            Assert.That(pair.Client.Connection.OpenStream(config, out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
            streams.Add(stream);
        }

        pair.Server.OnEvent = e =>
        {
            // The acceptor ends its half at once and waits for the opener's.
            if (e.Kind == EventKind.StreamOpened)
            {
                e.Stream.Finish();
            }
            else if (e.Kind == EventKind.StreamReadable)
            {
                Assert.That(e.Stream.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
            }
        };
        pair.Settle();
        Assert.That(pair.Client.Connection.OpenStream(config, out _), Is.EqualTo(CallStatus.LimitReached));
        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Has(EventKind.StreamsAvailable), Is.False);
        for (int round = 0; round < 3 * limit; round++)
        {
            pair.Client.Events.Clear();
            streams[0].Close();
            streams.RemoveAt(0);
            pair.RunFor(Instant.Second);
            Assert.That(pair.Client.Has(EventKind.StreamsAvailable), Is.True, $"Round {round}.");
            Assert.That(pair.Client.Connection.OpenStream(config, out StreamHandle stream), Is.EqualTo(CallStatus.Ok), $"Round {round}.");
            streams.Add(stream);
            Assert.That(pair.Client.Connection.OpenStream(config, out _), Is.EqualTo(CallStatus.LimitReached));
            pair.RunFor(Instant.Second);
        }
    }

    [Test]
    public void Open_SomeStreamsEndedBefore_AllThatTheLimitAllowsCanLiveAtOnce()
    {
        const int limit = 64;
        var pair = new Pair(connection: new ConnectionConfig { MaxStreams = limit });
        pair.Connect();
        var config = new StreamConfig(TransportMode.ReliableOrdered);
        pair.Server.OnEvent = e =>
        {
            if (e.Kind == EventKind.StreamOpened && e.Stream.Id < 10)
            {
                e.Stream.Close();
            }
        };
        for (int i = 0; i < 5; i++)
        {
            pair.Client.Connection.OpenStream(config, out StreamHandle stream);
            stream.Close();
        }

        pair.RunFor(Instant.Second);
        int open = 0;
        pair.RunUntil(() =>
        {
            open += pair.Client.Connection.OpenStream(config, out _) == CallStatus.Ok ? 1 : 0;
            pair.Settle();
            return open == limit;
        });
        Assert.That(pair.Client.Connection.Statistics.StreamCount, Is.EqualTo(limit));
        Assert.That(pair.Client.Connection.OpenStream(config, out _), Is.EqualTo(CallStatus.LimitReached));
    }

    [Test]
    public void Open_EndpointHasNoRecordLeft_IsRefusedAndNothingBreaks()
    {
        var pair = new Pair(configure: c => c with { MaxStreams = 4 });
        pair.Connect();
        var config = new StreamConfig(TransportMode.ReliableOrdered);
        for (int i = 0; i < 4; i++)
        {
            Assert.That(pair.Client.Connection.OpenStream(config, out _), Is.EqualTo(CallStatus.Ok));
        }

        Assert.That(pair.Client.Connection.OpenStream(config, out _), Is.EqualTo(CallStatus.LimitReached));
        pair.RunUntil(() => pair.Server.Events.Count(e => e.Kind == EventKind.StreamOpened) == 4);
    }

    [Test]
    public void Open_ManyAtOnceOverAReorderingNetwork_EachArrivesOnceWithItsData([Values] TransportMode mode, [Range(1, 20)] int seed)
    {
        const int count = 200;
        bool isReliable = mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered;
        var pair = new Pair((ulong)seed, s_bad with { Reorder = 0.5 });
        pair.Connect();
        var got = new Dictionary<uint, byte>();
        pair.Server.OnEvent = e =>
        {
            if (e.Kind == EventKind.StreamReadable && e.Stream.Receive(_buffer) is { Status: CallStatus.Ok, Bytes: 1 })
            {
                Assert.That(got.TryAdd(e.Stream.Id, _buffer[0]), Is.True);
            }
        };
        for (int i = 0; i < count; i++)
        {
            pair.Client.Connection.OpenStream(new StreamConfig(mode), out StreamHandle stream);
            stream.Send([(byte)i]);
        }

        pair.RunFor(20 * Instant.Second);
        Assert.That(pair.Server.Events.Count(e => e.Kind == EventKind.StreamOpened), Is.EqualTo(count));
        Assert.That(got, isReliable ? Has.Count.EqualTo(count) : Is.Not.Empty);
        Assert.That(got, Is.All.Matches<KeyValuePair<uint, byte>>(p => p.Value == StreamId.Ordinal(p.Key)));
        Assert.That(pair.Server.Has(EventKind.ConnectionClosed), Is.False);
    }

    [Test]
    public void Handle_StreamEndedAndItsRecordIsUsedAgain_AnswersClosed()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Start(TransportMode.ReliableOrdered);
        client.Close();
        server.Close();
        pair.RunFor(Instant.Second);
        AssertGone(pair, client, server);
        (StreamHandle second, StreamHandle secondServer) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        Assert.That((second.Index, secondServer.Index), Is.EqualTo((client.Index, server.Index)));
        AssertGone(pair, client, server);
        Assert.That(second.Send([5]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunFor(Instant.Second);
        Assert.That(secondServer.Receive(_buffer).Bytes, Is.EqualTo(1));
    }

    [Test]
    public void Handle_Default_AnswersClosed() => AssertStale(default);

    private static (Pair Pair, StreamHandle Client, StreamHandle Server) Start(TransportMode mode, NetworkConditions? network = null, ulong seed = 1)
    {
        var pair = new Pair(seed, network);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        return (pair, client, server);
    }

    private static int Ended(Pair.Side side) => side.Events.Count(e => e.Kind == EventKind.StreamClosed);

    private void FinishFirst(Pair pair, StreamHandle first, StreamHandle second)
    {
        Assert.That(first.Send([1]).Status, Is.EqualTo(CallStatus.Ok));
        Assert.That(first.Finish(), Is.EqualTo(CallStatus.Ok));
        pair.RunFor(Instant.Second);
        Assert.That(second.Receive(_buffer).Bytes, Is.EqualTo(1));
        Assert.That(second.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
        Assert.That(first.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        for (int i = 0; i < 5; i++)
        {
            Assert.That(second.Send([2]).Status, Is.EqualTo(CallStatus.Ok));
            pair.RunFor(Instant.Second);
            Assert.That(first.Receive(_buffer).Bytes, Is.EqualTo(1));
            Assert.That(first.Receive(_buffer).Status, Is.EqualTo(CallStatus.WouldBlock));
        }

        Assert.That(Ended(pair.Client) + Ended(pair.Server), Is.Zero);
        Assert.That(second.Finish(), Is.EqualTo(CallStatus.Ok));
        pair.RunFor(Instant.Second);
        Assert.That(first.Receive(_buffer).Status, Is.EqualTo(CallStatus.EndOfStream));
        pair.RunFor(Instant.Second);
    }

    private void AssertGone(Pair pair, StreamHandle client, StreamHandle server)
    {
        Assert.That(Ended(pair.Client), Is.EqualTo(1));
        Assert.That(Ended(pair.Server), Is.EqualTo(1));
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        AssertStale(client);
        AssertStale(server);
    }

    private void AssertStale(StreamHandle handle)
    {
        Assert.That(handle.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(handle.Receive(_buffer).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(handle.Finish(), Is.EqualTo(CallStatus.Closed));
        Assert.That(handle.Close(), Is.EqualTo(CallStatus.Closed));
        Assert.That(handle.Reset(ReasonCode.None), Is.EqualTo(CallStatus.Closed));
        Assert.That(handle.IsReadable, Is.False);
        Assert.That(handle.Id, Is.Zero);
    }
}
