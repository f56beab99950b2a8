using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

[TestFixture]
public sealed class ReliableUnorderedTests
{
    private static readonly StreamConfig s_unordered = new(TransportMode.ReliableUnordered);

    [Test]
    public void Message_OfEverySize_ArrivesWhole([Values(1, 255, 256, 257, 1400, 2048, 65_536, 1_000_000, 1 << 20)] int length)
    {
        var pair = new Pair(3, new NetworkConditions { Loss = 0.02 }, new ConnectionConfig { SendBuffer = 4 << 20, ReceiveWindow = 2 << 20 });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(s_unordered);
        byte[] message = new byte[length];
        new SeededRandom((ulong)length).Fill(message);
        Assert.That(client.Send(message).Status, Is.EqualTo(CallStatus.Ok));
        List<byte[]> got = [];
        pair.RunUntil(() =>
        {
            got.AddRange(server.ReadAll());
            return got.Count == 1;
        });
        Assert.That(got[0], Is.EqualTo(message));
    }

    [Test]
    public void Message_BehindALostOne_IsGivenOutAtOnce()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open();
        int packets = 0;
        pair.Filter = (from, frame) => from != pair.Client || !Frames.IsDataOf(frame, client.Id) || packets++ != 0;
        client.Send([1]);
        pair.Settle();
        client.Send([2]);
        pair.RunFor(11 * Instant.Millisecond);
        Assert.That(server.ReadAll().Select(m => (int)m[0]), Is.EqualTo(new[] { 2 }));
        pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll().Select(m => (int)m[0]), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void DeliveryReport_Acknowledged_ComesOncePerMessage()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(new NetworkConditions { Loss = 0.1 });
        var ids = new List<ulong>();
        for (int i = 0; i < 50; i++)
        {
            ids.Add(client.Send(new byte[3000], new SendOptions(Report: true)).Message);
        }

        pair.RunFor(20 * Instant.Second);
        Assert.That(server.ReadAll(), Has.Count.EqualTo(50));
        Assert.That(Values(pair, EventKind.MessageAcknowledged), Is.EquivalentTo(ids));
    }

    [Test]
    public void Deadline_PassedBeforeSent_LeavesNoGap()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(config: new ConnectionConfig { StreamMessageWindow = 1, StreamMessageWindowMax = 1 });
        int skips = 0;
        pair.Filter = (_, frame) =>
        {
            skips += Frames.PayloadsOf(frame, FrameType.DataSkip).Count;
            return true;
        };
        client.Send([1]);
        ulong late = client.Send([2], new SendOptions(pair.Now + (50 * Instant.Millisecond), Report: true)).Message;
        client.Send([3]);
        pair.RunFor(Instant.Second);
        Assert.That(Values(pair, EventKind.MessageExpired), Is.EqualTo(new[] { late }));
        byte[] buffer = new byte[10];
        Assert.That(server.Receive(buffer).Message, Is.Zero);
        pair.RunFor(Instant.Second);
        ReceiveResult next = server.Receive(buffer);
        Assert.That(next.Status, Is.EqualTo(CallStatus.Ok));
        Assert.That(buffer[0], Is.EqualTo(3));
        Assert.That(next.Message, Is.EqualTo(1), "The expired message never had a number.");
        Assert.That(skips, Is.Zero);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Attempts_OfAMessageExhausted_ExpireItAndNothingWaits(bool isLast)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open();
        int packets = 0;
        int skips = 0;
        pair.Filter = (from, frame) =>
        {
            skips += Frames.PayloadsOf(frame, FrameType.DataSkip).Count;
            return from != pair.Client || !Frames.IsDataOf(frame, client.Id) || packets++ != (isLast ? 9 : 0);
        };
        ulong given = 0;
        for (int i = 0; i < 10; i++)
        {
            bool isGivenUp = i == (isLast ? 9 : 0);
            ulong id = client.Send([(byte)i], new SendOptions(Report: isGivenUp, MaxAttempts: (byte)(isGivenUp ? 1 : 0))).Message;
            given = isGivenUp ? id : given;
        }

        client.Finish();
        (StreamHandle other, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        other.Send(new byte[20_000]);
        pair.RunFor(5 * Instant.Second);
        Assert.That(Values(pair, EventKind.MessageExpired), Is.EqualTo(new[] { given }));
        Assert.That(skips, Is.EqualTo(1));
        Assert.That(server.ReadAll(), Has.Count.EqualTo(9));
        Assert.That(server.Receive(new byte[10]).Status, Is.AnyOf(CallStatus.EndOfStream, CallStatus.Closed), "FIN must come through although the message that carried it was given up.");
    }

    [Test]
    public void Attempts_OfTheStreamExhausted_StopItWithItsReason([Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode)
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode, MaxAttempts: 4));
        (StreamHandle other, StreamHandle reader) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        int attempts = 0;
        pair.Filter = (from, frame) => from != pair.Client || !Frames.IsDataOf(frame, client.Id) || attempts++ < 0;
        client.Send([1]);
        for (int i = 0; i < 200 && !pair.Client.Has(EventKind.StreamStopped); i++)
        {
            // Other data keeps acknowledgements coming: attempts are counted by loss, not by probes.
            other.Send(new byte[8000]);
            pair.RunFor(100 * Instant.Millisecond);
            reader.ReadAll();
        }

        EndpointEvent stopped = pair.Client.Events.Single(e => e.Kind == EventKind.StreamStopped);
        Assert.That(stopped.Reason, Is.EqualTo(ReasonCode.AttemptsExhausted));
        Assert.That(attempts, Is.GreaterThanOrEqualTo(4));
        pair.RunFor(Instant.Second);
        Assert.That(server.Receive(new byte[1]).Reason, Is.EqualTo(ReasonCode.AttemptsExhausted));
        Assert.That(pair.Client.Connection.IsOpen, Is.True, "Only the stream ends.");
    }

    [Test]
    public void Deadline_OfOrderedDataPassed_StopsTheStreamWithItsReason()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.Filter = (_, _) => false;
        client.Send([1, 2, 3], new SendOptions(pair.Now + (100 * Instant.Millisecond)));
        pair.RunFor(200 * Instant.Millisecond);
        Assert.That(pair.Client.Events.Single(e => e.Kind == EventKind.StreamStopped).Reason, Is.EqualTo(ReasonCode.DeadlineExceeded));
    }

    [Test]
    public void Deadline_OfOrderedDataKept_StopsNothing()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        client.Send([1, 2, 3], new SendOptions(pair.Now + (100 * Instant.Millisecond)));
        pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll(), Has.Count.EqualTo(1));
        Assert.That(pair.Client.Has(EventKind.StreamStopped), Is.False);
    }

    private static List<ulong> Values(Pair pair, EventKind kind) => [.. pair.Client.Events.Where(e => e.Kind == kind).Select(e => e.Value)];

    private static (Pair Pair, StreamHandle Client, StreamHandle Server) Open(NetworkConditions? network = null, ConnectionConfig? config = null)
    {
        var pair = new Pair(1, network, config);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(s_unordered);
        return (pair, client, server);
    }
}
