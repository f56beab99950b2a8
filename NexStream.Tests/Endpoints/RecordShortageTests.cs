using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Connections;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>What happens where an endpoint has no record left for something: it waits, says so, and goes on by itself when there is one again.</summary>
[TestFixture]
public sealed class RecordShortageTests
{
    private static readonly byte[] s_message = new byte[100];

    [Test]
    public void StreamOpen_NoRecordForItAndDataBehindIt_DropsThePacketOnly()
    {
        var pair = new Pair(configure: config => config with { MaxStreams = 1 });
        pair.Connect();
        pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        uint second = StreamId.FromOrdinal(1, client: true);
        Forge.Inject(pair, pair.Server, (ref FrameWriter writer) =>
        {
            new StreamOpenFrame { StreamId = second, Mode = TransportMode.ReliableOrdered, InitialWindow = 1000 }.TryWrite(ref writer);
            new DataFrame { Mode = TransportMode.ReliableOrdered, StreamId = second }.TryWrite(ref writer);
        }, s_message);
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
        Assert.That(pair.Server.Connection.Statistics.DroppedForMemory, Is.EqualTo(1));
    }

    [Test]
    public void Datagram_BehindAFrameThatWasDropped_IsGivenOutOnceHoweverOftenItComes([Values(TransportMode.BestEffort, TransportMode.Probabilistic)] TransportMode mode)
    {
        var pair = new Pair(configure: config => config with { MaxStreams = 1 });
        pair.Connect();
        (_, StreamHandle reader) = pair.Open(new StreamConfig(mode));
        Pair.Frame packet = Forge.Packet(pair, pair.Server, (ref FrameWriter writer) =>
        {
            new StreamOpenFrame { StreamId = StreamId.FromOrdinal(1, client: true), Mode = mode }.TryWrite(ref writer);
            new DataFrame { Mode = mode, StreamId = reader.Id }.TryWrite(ref writer);
        }, s_message);
        pair.Inject(pair.Server, packet);
        pair.Inject(pair.Server, packet);
        Assert.That(reader.ReadAll(), Has.Count.LessThanOrEqualTo(1));
    }

    [Test]
    public void OpenStream_NoRecordHere_IsToldWhenOneComesFree()
    {
        var pair = new Pair(configure: config => config.Node == Pair.ClientNode ? config with { MaxStreams = 1 } : config);
        pair.Connect();
        (StreamHandle local, StreamHandle remote) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _), Is.EqualTo(CallStatus.LimitReached));
        local.Close();
        remote.Close();
        pair.RunUntil(() => pair.Client.Has(EventKind.StreamClosed));
        pair.Settle();
        Assert.That(pair.Client.Has(EventKind.StreamsAvailable), Is.True);
        Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _), Is.EqualTo(CallStatus.Ok));
    }

    [Test]
    public void Packets_AllRecordsOfBothSidesInFlight_AcknowledgementsStillLeave()
    {
        var pair = new Pair(configure: Few);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.ToClient = pair.ToServer = new NetworkConditions { DelayNs = 50 * Instant.Millisecond };
        byte[] data = new byte[200_000];
        client.FillUp(data);
        server.FillUp(data);
        int read = 0;
        pair.RunUntil(() => (read += client.ReadAll().Count + server.ReadAll().Count) > 0 && client.Statistics.SendBuffered == 0 && server.Statistics.SendBuffered == 0);
        Assert.That(pair.Client.Connection.IsOpen && pair.Server.Connection.IsOpen, Is.True);
    }

    [Test]
    public void Packets_AllRecordsHeldByLostOnes_GoesOnWhenTheNetworkComesBack()
    {
        var pair = new Pair(configure: Few);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        pair.Filter = (_, _) => false;
        long sent = client.FillUp(new byte[100_000]);
        pair.RunFor(10 * Instant.Second);
        pair.Filter = null;
        long read = 0;
        pair.RunUntil(() => (read += server.ReadAll().Sum(part => (long)part.Length)) == sent, 60 * Instant.Second);
    }

    [Test]
    public void Send_ManyRefusedForMemory_EndsAndIsToldOnce([Values(TransportMode.BestEffort, TransportMode.ReliableUnordered)] TransportMode mode)
    {
        // More streams than the queue of those that wait remembers.
        const int Streams = 300;
        var pair = new Pair(configure: config => config.Node == Pair.ClientNode ? config with { MaxMessages = 16 } : config);
        pair.Connect();
        var streams = new List<StreamHandle>();
        for (int i = 0; i < Streams; i++)
        {
            Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(mode), out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
            streams.Add(stream);
        }

        var told = new HashSet<StreamHandle>();
        pair.Client.OnEvent = item =>
        {
            if (item.Kind == EventKind.StreamWritable && item.Stream.Send(s_message).Status == CallStatus.Ok)
            {
                told.Add(item.Stream);
            }
        };
        foreach (StreamHandle stream in streams)
        {
            if (stream.Send(s_message).Status == CallStatus.Ok)
            {
                told.Add(stream);
            }
        }

        pair.RunUntil(() => told.Count == Streams);
    }

    [Test]
    public void Send_RefusedWhileItsMessagesAreGivenUp_IsToldWhenThatIsAcknowledged()
    {
        var pair = new Pair(connection: new ConnectionConfig { SendBuffer = 3_000 });
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        pair.RunFor(Instant.Second);
        pair.Filter = (side, _) => side != pair.Client;
        Assert.That(client.Send(new byte[2_900], new SendOptions(pair.Now + (50 * Instant.Millisecond))).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunFor(100 * Instant.Millisecond);
        Assert.That(client.Send(new byte[2_900]).Status, Is.EqualTo(CallStatus.WouldBlock));
        pair.Filter = null;
        pair.RunUntil(() => pair.Client.Has(EventKind.StreamWritable), 30 * Instant.Second);
    }

    /// <summary>A packet of a further path comes from another node: that one is asked, and asked again, though there is no record for any other packet.</summary>
    [Test]
    public void Question_OnAFurtherPathWithoutRecords_LeavesAllTheSame()
    {
        var spoofed = new NodeId(0xBAD, 1);
        var paths = new PathPair();
        byte id = paths.Open();
        while (paths.Server.Endpoint.State.Packets.TryAllocate(out _))
        {
        }

        int asked = 0;
        paths.Look = frame =>
        {
            asked += frame.Header.Destination == spoofed && frame.Carries(FrameType.Ping) ? 1 : 0;
            return frame.Header.Destination == Pair.ServerNode;
        };
        Pair.Frame frame = Forge.Packet(
            paths.Pair, paths.Server, 1000, (ref FrameWriter writer) => new PingFrame { PingId = 1 }.TryWrite(ref writer), [], PathPair.StateOf(paths.Server, id).LocalTag);
        frame.Bytes[8] = id;
        paths.Pair.Inject(paths.Server, frame with { Header = frame.Header with { Source = spoofed } });
        paths.Pair.RunFor(Instant.Second);
        Assert.That(asked, Is.GreaterThan(1));
        Assert.That(PathPair.StateOf(paths.Server, id).Challenge.IsActive, Is.False, "It is forgotten when it has not answered.");
    }

    /// <summary>Found by the swarm (seed 247892): a path was to probe, others took the record that was free for it, and no timer looked after it again.</summary>
    [Test]
    public void Probe_OfOneOfSeveralPathsThatFindsNoRecord_TakesThoseOfThePacketsThatNobodyAnswers()
    {
        var paths = new PathPair(configure: Few);
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        byte id = paths.Open();
        paths.Kill(Pair.ClientNode);
        long sent = client.Send(new byte[1000]).Bytes;
        paths.Pair.RunUntil(() => paths.Client.Has(EventKind.PathLost));
        paths.Look = _ => false;
        sent += client.FillUp(new byte[100_000]);
        paths.Pair.RunFor(100 * Instant.Millisecond);

        EndpointState state = paths.Client.Endpoint.State;
        Core.State.Path further = PathPair.StateOf(paths.Client, id);
        new LossDetector(state, new PacketContents(state, null!, null!, null!, null!, null!)).ForgetAll(Forge.ConnectionOf(paths.Client).Path);
        while (state.Packets.TryAllocate(out _))
        {
        }

        Assert.That(further.InFlight.Count, Is.GreaterThan(2));
        further.ProbesAllowed = 1;
        paths.Look = null;
        long read = 0;
        paths.Pair.RunUntil(() => (read += server.ReadAll().Sum(part => (long)part.Length)) == sent, 60 * Instant.Second);
    }

    private static EndpointConfig Few(EndpointConfig config) => config with { MaxPacketsInFlight = 16, Congestion = Core.Congestion.CongestionControllers.None };
}
