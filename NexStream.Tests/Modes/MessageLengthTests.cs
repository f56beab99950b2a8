using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

/// <summary><see cref="StreamHandle.MessageLengthMax"/>: what a send takes, to the byte.</summary>
[TestFixture]
public sealed class MessageLengthTests
{
    private static readonly TransportMode[] s_modes = [TransportMode.ReliableUnordered, TransportMode.BestEffort, TransportMode.Probabilistic];

    [TestCaseSource(nameof(s_modes))]
    public void Send_LongestMessage_IsTakenAndOneByteMoreIsTooLong(TransportMode mode)
    {
        var pair = new Pair(connection: new ConnectionConfig { MaxMessageLength = 50_000 });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        int longest = client.MessageLengthMax;
        Assert.That(longest, mode == TransportMode.ReliableUnordered ? Is.EqualTo(50_000) : Is.InRange(1000, 1500));
        Assert.That(client.Send(new byte[longest + 1]).Status, Is.EqualTo(CallStatus.MessageTooLong));
        Assert.That(client.Send(new byte[longest]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll().Sum(part => part.Length), Is.EqualTo(longest));
    }

    [Test]
    public void Datagram_PathCarriesMoreThanItBeganWith_MayBeLonger()
    {
        var pair = new Pair(connection: new ConnectionConfig { InitialFrameLength = 1200, MaxFrameLength = 9000 }, frameSize: 9024);
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.BestEffort));
        int before = client.MessageLengthMax;
        pair.RunUntil(() =>
        {
            client.Send(new byte[100]);
            return client.MessageLengthMax > 8000;
        });
        Assert.That(before, Is.LessThan(1200));
        Assert.That(client.Send(new byte[client.MessageLengthMax]).Status, Is.EqualTo(CallStatus.Ok));
    }

    [Test]
    public void BytesOrNoStream_HaveNoLongestMessage()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle bytes, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        (StreamHandle messages, _) = pair.Open(new StreamConfig(TransportMode.BestEffort));
        Assert.That((bytes.MessageLengthMax, default(StreamHandle).MessageLengthMax), Is.EqualTo((0, 0)));
        Assert.That(messages.MessageLengthMax, Is.GreaterThan(0));
        pair.Client.Connection.Close(pair.Now);
        pair.RunFor(60 * Instant.Second);
        Assert.That(messages.MessageLengthMax, Is.Zero, "The handle is stale.");
    }
}
