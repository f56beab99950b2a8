using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// What the wire says in 32 bits counts on beyond them: streams and paths cross 2^31 and 2^32 under loss, and what was sent before the
/// boundary does no harm behind it.
/// </summary>
[TestFixture]
public sealed class WrapTests
{
    private const ulong HalfRange = 1UL << 31;
    private const ulong FullRange = 1UL << 32;

    private static readonly NetworkConditions s_bad = new() { Loss = 0.05, Reorder = 0.05, Duplicate = 0.05 };

    [Test]
    public void OrderedStream_CrossesABoundary_DeliversAllBytesOnce([Values(HalfRange, FullRange)] ulong boundary, [Range(1, 5)] int seed) =>
        DeliveryTests.TransferOrdered(new Pair((ulong)seed, s_bad, new ConnectionConfig { FirstSequence = boundary - 150_000 }), 300_000);

    [Test]
    public void UnorderedStream_CrossesABoundary_DeliversEveryMessageOnce([Values(HalfRange, FullRange)] ulong boundary, [Range(1, 5)] int seed) =>
        SendMessages(new Pair((ulong)seed, s_bad, new ConnectionConfig { FirstSequence = boundary - 1000 }), 2000);

    [Test]
    public void Path_CrossesABoundary_DeliversEveryMessageOnce([Values(HalfRange, FullRange)] ulong boundary, [Range(1, 5)] int seed)
    {
        const uint below = 300;
        var pair = new Pair((ulong)seed, s_bad, new ConnectionConfig { FirstPacketNumber = boundary - below });
        SendMessages(pair, 2000);
        Assert.That(pair.Client.Connection.Statistics.Path.PacketsSent, Is.GreaterThan(2 * below));
        Assert.That(pair.Server.Connection.Statistics.Path.PacketsSent, Is.GreaterThan(below));
    }

    [Test]
    public void Everything_CrossesABoundaryAtOnce_DeliversAllBytesOnce([Values(HalfRange, FullRange)] ulong boundary, [Range(1, 5)] int seed)
    {
        var config = new ConnectionConfig { FirstSequence = boundary - 150_000, FirstPacketNumber = boundary - 100 };
        DeliveryTests.TransferOrdered(new Pair((ulong)seed, s_bad, config), 300_000);
    }

    [Test]
    public void Path_PacketsFromBeforeTheBoundaryComeAgain_AreRefused(
        [Values(HalfRange, FullRange)] ulong boundary, [Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode)
    {
        var config = new ConnectionConfig { FirstSequence = boundary - 20, FirstPacketNumber = boundary - 20 };
        var pair = new Pair(connection: config);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        var ancient = new List<(Pair.Side To, Pair.Frame Frame)>();
        pair.Filter = (from, frame) =>
        {
            if (ancient.Count < 20)
            {
                ancient.Add((pair.Peer(from), frame));
            }

            return true;
        };
        byte[] buffer = new byte[16];
        byte got = 0;
        for (byte i = 0; i < 200; i++)
        {
            Assert.That(client.Send([i]).Status, Is.EqualTo(CallStatus.Ok));
            pair.RunFor(20 * Instant.Millisecond);
            while (server.Receive(buffer) is { Status: CallStatus.Ok, Bytes: > 0 } result)
            {
                Assert.That(result.Bytes, Is.EqualTo(1));
                Assert.That(buffer[0], Is.EqualTo(got++));
            }
        }

        Assert.That(got, Is.EqualTo(200));
        ulong before = pair.Client.Connection.Statistics.Path.DuplicatesReceived + pair.Server.Connection.Statistics.Path.DuplicatesReceived;
        foreach ((Pair.Side to, Pair.Frame frame) in ancient)
        {
            pair.Inject(to, frame);
        }

        ulong after = pair.Client.Connection.Statistics.Path.DuplicatesReceived + pair.Server.Connection.Statistics.Path.DuplicatesReceived;
        Assert.That(after - before, Is.EqualTo((ulong)ancient.Count));
        Assert.That(server.IsReadable, Is.False);
        Assert.That(client.Send([200]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunFor(Instant.Second);
        Assert.That(server.Receive(buffer).Bytes, Is.EqualTo(1));
        Assert.That(buffer[0], Is.EqualTo(200));
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
    }

    /// <summary>Sends messages that carry their own number and expects each exactly once.</summary>
    private static void SendMessages(Pair pair, int count)
    {
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        byte[] message = new byte[600];
        byte[] buffer = new byte[1000];
        var got = new HashSet<int>();
        int sent = 0;
        pair.RunUntil(() =>
        {
            BitConverter.TryWriteBytes(message, sent);
            while (sent < count && client.Send(message).Status == CallStatus.Ok)
            {
                BitConverter.TryWriteBytes(message, ++sent);
            }

            while (server.Receive(buffer) is { Status: CallStatus.Ok } result)
            {
                Assert.That(result.Bytes, Is.EqualTo(message.Length));
                Assert.That(got.Add(BitConverter.ToInt32(buffer)), Is.True, "A message came twice.");
            }

            pair.Settle();
            return got.Count == count;
        });
        pair.RunFor(5 * Instant.Second);
        Assert.That(server.IsReadable, Is.False);
        Assert.That(got, Is.EquivalentTo(Enumerable.Range(0, count)));
    }
}
