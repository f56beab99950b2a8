using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

[TestFixture]
public sealed class DatagramTests
{
    private static readonly TransportMode[] s_modes = [TransportMode.BestEffort, TransportMode.Probabilistic];

    [TestCaseSource(nameof(s_modes))]
    public void Datagram_Lost_IsNeverSentAgain(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(mode);
        int packets = 0;
        pair.Filter = (from, frame) => from != pair.Client || !Frames.IsDataOf(frame, client.Id) || packets++ % 3 != 0;
        for (int i = 0; i < 30; i++)
        {
            client.Send(new byte[500]);
        }

        pair.RunFor(5 * Instant.Second);
        Assert.That(packets, Is.EqualTo(30));
        Assert.That(server.ReadAll(), Has.Count.EqualTo(20));
        Assert.That(client.Statistics.Retransmissions, Is.Zero);
        Assert.That(pair.Client.Connection.Statistics.Path.PacketsLost, Is.GreaterThan(5), "The connection knows of the losses: its congestion control counts them.");
    }

    [TestCaseSource(nameof(s_modes))]
    public void Datagram_NobodyReads_HasNoFlowControlAndNoAcknowledgementOfItsStream(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(mode, new ConnectionConfig { StreamMessageWindow = 4, StreamReceiveWindow = 100 });
        int forStream = 0;
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Server)
            {
                forStream += Frames.PayloadsOf(frame, FrameType.DataAck).Count(p => p[3] != 0 || p[2] != 0);
                forStream += Frames.TypesOf(frame).Count(t => t is FrameType.DataNack or FrameType.WindowUpdate or FrameType.DataSkip);
            }

            return true;
        };
        for (int i = 0; i < 200; i++)
        {
            client.Send(new byte[300]);
        }

        pair.RunFor(5 * Instant.Second);
        Assert.That(client.Statistics.Sent, Is.EqualTo(200));
        Assert.That(server.ReadAll(), Has.Count.EqualTo(200));
        Assert.That(forStream, Is.Zero);
    }

    [Test]
    public void BestEffort_ReorderedWithSequenceNumbers_IsGivenOutAsItComesWithItsNumbers()
    {
        var pair = new Pair(5, new NetworkConditions { Reorder = 0.3 });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.BestEffort, SequenceNumbers: true));
        var numbers = new List<ulong>();
        byte[] buffer = new byte[2000];
        for (int i = 0; i < 100; i++)
        {
            client.Send(new byte[100]);
            pair.RunFor(Instant.Millisecond);
        }

        pair.RunFor(Instant.Second);
        while (server.Receive(buffer) is { Status: CallStatus.Ok } result)
        {
            Assert.That(result.HasMessageNumber, Is.True);
            numbers.Add(result.Message);
        }

        Assert.That(numbers, Is.EquivalentTo(Enumerable.Range(0, 100).Select(i => (ulong)i)));
        Assert.That(numbers, Is.Not.Ordered, "Best effort does not wait for order.");
    }

    [Test]
    public void BestEffort_WithoutSequenceNumbers_SaysThatItHasNone()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.BestEffort);
        client.Send(new byte[10]);
        pair.RunFor(Instant.Second);
        Assert.That(server.Receive(new byte[100]).HasMessageNumber, Is.False);
    }

    [TestCaseSource(nameof(s_modes))]
    public void Datagram_LongerThanAPacket_IsRefused(TransportMode mode)
    {
        (Pair _, StreamHandle client, StreamHandle _) = Open(mode);
        Assert.That(client.Send(new byte[1500]).Status, Is.EqualTo(CallStatus.MessageTooLong));
    }

    [TestCaseSource(nameof(s_modes))]
    public void DatagramBuffer_Full_DropsTheOldest(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(mode, new ConnectionConfig { DatagramBuffer = 1000 });
        for (int i = 0; i < 20; i++)
        {
            client.Send([.. Enumerable.Repeat((byte)i, 100)]);
            pair.RunFor(100 * Instant.Millisecond);
        }

        Assert.That(server.Statistics.Dropped, Is.EqualTo(10));
        Assert.That(server.ReadAll().Select(m => (int)m[0]), Is.EqualTo(Enumerable.Range(10, 10)));
    }

    [TestCaseSource(nameof(s_modes))]
    public void Datagram_SendQueueFull_DropsTheOldestThatWasNotSent(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(mode, new ConnectionConfig { DatagramBuffer = 1000 });
        for (int i = 0; i < 20; i++)
        {
            Assert.That(client.Send([.. Enumerable.Repeat((byte)i, 100)]).Status, Is.EqualTo(CallStatus.Ok), "Fire and forget never waits.");
        }

        pair.RunFor(Instant.Second);
        Assert.That(client.Statistics.Expired, Is.EqualTo(10));
        Assert.That(server.ReadAll().Select(m => (int)m[0]), Is.EqualTo(Enumerable.Range(10, 10)));
    }

    [TestCaseSource(nameof(s_modes))]
    public void DeliveryReport_AcknowledgedAndLost_TellsEach(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle _) = Open(mode);
        int packets = 0;
        pair.Filter = (from, frame) => from != pair.Client || !Frames.IsDataOf(frame, client.Id) || packets++ != 2;
        ulong[] ids = new ulong[10];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = client.Send(new byte[200], new SendOptions(Report: true)).Message;
        }

        pair.RunFor(5 * Instant.Second);
        Assert.That(Values(pair, EventKind.MessageLost), Is.EqualTo(new[] { ids[2] }));
        Assert.That(Values(pair, EventKind.MessageAcknowledged), Is.EquivalentTo(ids.Where(id => id != ids[2])));
    }

    [TestCaseSource(nameof(s_modes))]
    public void Deadline_PassedBeforeItCouldBeSent_IsReportedAndNothingIsSent(TransportMode mode)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(mode);
        (StreamHandle bulk, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered, Priority: 15));
        pair.Filter = (_, _) => false;
        bulk.Send(new byte[100_000]);
        pair.Settle();
        ulong id = client.Send(new byte[200], new SendOptions(pair.Now + (20 * Instant.Millisecond), Report: true)).Message;
        pair.RunFor(50 * Instant.Millisecond);
        Assert.That(Values(pair, EventKind.MessageExpired), Is.EqualTo(new[] { id }));
        pair.Filter = null;
        pair.RunFor(5 * Instant.Second);
        Assert.That(server.ReadAll(), Is.Empty);
    }

    private static List<ulong> Values(Pair pair, EventKind kind) => [.. pair.Client.Events.Where(e => e.Kind == kind).Select(e => e.Value)];

    private static (Pair Pair, StreamHandle Client, StreamHandle Server) Open(TransportMode mode, ConnectionConfig? config = null)
    {
        var pair = new Pair(connection: config);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        return (pair, client, server);
    }
}
