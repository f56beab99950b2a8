using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Tests.Attacks;
using NexStream.Tests.Support;
using NexStream.Tests.ZeroCopy;

namespace NexStream.Tests.Modes;

/// <summary>What sends may take of the arena, and what becomes of one that finds nothing left.</summary>
[TestFixture]
public sealed class MemoryTests
{
    private const int FrameCount = 64;

    [Test]
    public void Send_NoMemoryAndNothingOfItsOwnOnItsWay_IsToldWhenThereIsSome()
    {
        Pair pair = Connected(out StreamHandle[] streams);
        StreamHandle last = streams[^1];
        FillUp(streams.AsSpan(..^1));
        Assert.That(last.Send(new byte[1000]).Status, Is.EqualTo(CallStatus.WouldBlock));
        Assert.That(last.Statistics.SendBuffered, Is.Zero);

        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Events.Any(e => e.Kind == EventKind.StreamWritable && e.Stream == last), Is.True);
        Assert.That(last.Send(new byte[1000]).Status, Is.EqualTo(CallStatus.Ok));
    }

    [Test]
    public void Send_EveryStreamFullOfData_LeavesHalfOfTheShareForWhatComesIn()
    {
        Pair pair = Connected(out StreamHandle[] streams);
        FillUp(streams);
        int share = FrameCount * new ConnectionConfig().ArenaShare256 / 256;
        Assert.That(pair.Client.Connection.Statistics.FramesHeld, Is.InRange(share / 4, share / 2));
    }

    [AttackRow(32)]
    [Test]
    public void Send_OneStreamTookAllItMay_AnotherStillFindsRoom()
    {
        Connected(out StreamHandle[] streams);
        FillUp(streams.AsSpan(..1));
        Assert.That(streams[1].Send(new byte[1000]), Is.EqualTo(new SendResult(CallStatus.Ok, 1000)));
    }

    [Test]
    public void Receive_ShareFullOfWhatCameEarly_StillTakesInWhatItWaitsFor()
    {
        // Eight frames of the server's arena, and far more credit than that: each packet that comes early takes a frame.
        var small = new ConnectionConfig { ArenaShare256 = 32 };
        var pair = new Pair(configure: config => config.Node == Pair.ServerNode ? config with { Connection = small, ArenaReserve256 = 0 } : config, frameCount: FrameCount);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        bool isLost = false;
        pair.Filter = (side, frame) => side != pair.Client || frame.Bytes.Length < 1000 || isLost || !(isLost = true);
        Assert.That(client.Send(new byte[20_000]).Bytes, Is.EqualTo(20_000));
        int read = 0;
        pair.RunUntil(() => (read += server.ReadAll().Sum(part => part.Length)) == 20_000, 20 * Instant.Second);
    }

    /// <summary>Found by the swarm (seed 1185792): the frame that small payloads shared was all of a small share that sends may take, and nothing was left in it.</summary>
    [Test]
    public void Send_ShareTakenByAFrameInWhichNothingIsLeft_FindsRoom()
    {
        // Three frames: half of them, which is one, may be held for a send to take more.
        var small = new ConnectionConfig { ArenaShare256 = 12 };
        var pair = new Pair(connection: small, frameCount: FrameCount);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Assert.That(client.Send(new byte[100]).Bytes, Is.EqualTo(100));
        pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll().Sum(part => part.Length), Is.EqualTo(100));
        Assert.That(pair.Client.Connection.Statistics.FramesHeld, Is.EqualTo(1));
        Assert.That(client.Send(new byte[1000]).Bytes, Is.EqualTo(1000));
    }

    /// <summary>It would be told to wait for ever: no memory that comes back is ever enough.</summary>
    [Test]
    public void Send_MessageLongerThanASendMayHold_IsTooLong()
    {
        // Sixteen frames, half of them for sending.
        Pair pair = Messages(Pair.ClientNode, new ConnectionConfig { ArenaShare256 = 64 }, out StreamHandle client, out StreamHandle server);

        // Leaves a frame for small payloads behind, which the longest message needs as well.
        Assert.That(client.Send(new byte[100]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => server.ReadAll().Count == 1);
        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Connection.Statistics.FramesHeld, Is.EqualTo(1));

        const int LengthMax = 8 * 2048;
        Assert.That(client.MessageLengthMax, Is.EqualTo(LengthMax));
        Assert.That(client.Send(new byte[LengthMax + 1]), Is.EqualTo(new SendResult(CallStatus.MessageTooLong)));
        Assert.That(client.Send(new byte[LengthMax]), Has.Property(nameof(SendResult.Status)).EqualTo(CallStatus.Ok));
        pair.RunUntil(() => server.ReadAll().Sum(part => part.Length) == LengthMax);
    }

    /// <summary>The peer is told in the handshake: what it sent beyond would be dropped until its attempts are used up.</summary>
    [Test]
    public void Send_MessageLongerThanThePeerCouldHold_IsTooLong()
    {
        // Eight frames, seven of them for a message of which something is missing.
        var small = new ConnectionConfig { ArenaShare256 = 32 };
        Pair pair = Messages(Pair.ServerNode, small, out StreamHandle client, out StreamHandle server);
        int lengthMax = 7 * MessageSender.DatagramLengthMax(small.KnownFrameLength);
        Assert.That(client.MessageLengthMax, Is.EqualTo(lengthMax));
        Assert.That(client.Send(new byte[lengthMax + 1]), Is.EqualTo(new SendResult(CallStatus.MessageTooLong)));
        Assert.That(client.Send(new byte[lengthMax]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => server.ReadAll().Sum(part => part.Length) == lengthMax, 20 * Instant.Second);
    }

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void SendZeroCopy_MoreSlicesThanASendMayHaveRecordsFor_IsTooLong(TransportMode mode)
    {
        // Three quarters of sixteen records are for sending.
        const int SlicesMax = 12;
        var pair = new Pair(configure: config => config with { MaxChunks = 16 }, frameCount: FrameCount);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        PayloadSlice[] leases = [.. Enumerable.Range(0, SlicesMax + 1).Select(_ => client.Lease().WithLength(300))];
        Assert.That(client.SendZeroCopy(leases), Is.EqualTo(new SendResult(CallStatus.MessageTooLong)));
        Assert.That(client.SendZeroCopy(leases.AsSpan(1)).Status, Is.EqualTo(CallStatus.Ok));
        pair.Client.Endpoint.Return(leases.AsSpan(..1));
        pair.RunUntil(() => server.ReadAll().Sum(part => part.Length) == SlicesMax * 300, 20 * Instant.Second);
    }

    /// <summary>A stream of messages between two of which one has its connections as said.</summary>
    private static Pair Messages(NodeId node, ConnectionConfig connection, out StreamHandle client, out StreamHandle server)
    {
        var pair = new Pair(configure: config => config.Node == node ? config with { Connection = connection } : config, frameCount: FrameCount);
        pair.Connect();
        (client, server) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        return pair;
    }

    private static Pair Connected(out StreamHandle[] streams)
    {
        var pair = new Pair(frameCount: FrameCount);
        pair.Connect();
        streams = new StreamHandle[8];
        for (int i = 0; i < streams.Length; i++)
        {
            Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out streams[i]), Is.EqualTo(CallStatus.Ok));
        }

        pair.RunFor(Instant.Second);
        return pair;
    }

    private static void FillUp(ReadOnlySpan<StreamHandle> streams)
    {
        byte[] chunk = new byte[2048];
        foreach (StreamHandle stream in streams)
        {
            while (stream.Send(chunk).Bytes == chunk.Length)
            {
            }
        }
    }
}
