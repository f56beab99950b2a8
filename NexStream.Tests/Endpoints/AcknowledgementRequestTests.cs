using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>Who asks for acknowledgements: the initiator of a connection, and a sender whose small window is full.</summary>
[TestFixture]
public sealed class AcknowledgementRequestTests
{
    // RFC 9002 §6.2.2.1: the acceptor may have used up what it may send; without a packet from the initiator it could never send again.
    [Test]
    public void Handshake_AnswerToAcceptIsLost_InitiatorSpeaksUpByItself()
    {
        var pair = new Pair();
        bool isLost = false;
        pair.Filter = (from, frame) =>
        {
            // The first packet that is no CONN_INIT is the answer, and nothing of the acceptor's gets through any more.
            bool isAnswer = from == pair.Client && frame.Packet.Tag != 0 && !isLost;
            isLost |= isAnswer;
            return !isAnswer && (from == pair.Client || !isLost);
        };
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out _), Is.EqualTo(CallStatus.Ok));
        pair.RunFor(4 * Instant.Second);

        Assert.That(isLost, Is.True);
        Assert.That(pair.Server.Has(EventKind.ConnectionAccepted), Is.True);
    }

    [Test]
    public void SmallWindow_Full_AsksForItsAcknowledgement()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        int asked = 0;
        pair.Filter = (from, frame) =>
        {
            asked += from == pair.Client && frame.Packet.Flags == PacketHeader.AckNow ? 1 : 0;
            return true;
        };
        client.Send(new byte[1000]);
        pair.Settle();
        Assert.That(asked, Is.Zero, "the window is not full");

        client.Send(new byte[100_000]);
        pair.Settle();
        Assert.That(asked, Is.EqualTo(1), "an initial window is, and there is more to send");
    }

    // Ten kilobytes are fewer packets than the receiver waits for: without being asked it would answer after its whole delay.
    [Test]
    public void SmallSendBuffer_UsedUp_AsksForItsAcknowledgement()
    {
        var pair = new Pair(
            network: new NetworkConditions { DelayNs = Instant.Millisecond },
            connection: new ConnectionConfig { SendBuffer = 10_000 },
            configure: config => config with { Congestion = CongestionControllers.None });
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        int asked = 0;
        int sent = 0;
        pair.Filter = (from, frame) =>
        {
            asked += from == pair.Client && frame.Packet.Flags == PacketHeader.AckNow ? 1 : 0;
            return true;
        };
        Instant begin = pair.Now;
        pair.Client.OnEvent = item => sent += item.Kind == EventKind.StreamWritable ? client.Send(new byte[100_000 - sent]).Bytes : 0;
        sent += client.Send(new byte[100_000]).Bytes;
        pair.RunUntil(() => client.Statistics.SendBuffered == 0 && sent == 100_000);

        Assert.That(asked, Is.InRange(9, 40), "once for each buffer, at most four times");
        Assert.That(pair.Now - begin, Is.LessThan(40 * Instant.Millisecond), "ten buffers, a round trip of 2 ms each, and the delay of the last");
    }
}
