using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Attacks;
using NexStream.Tests.Support;

namespace NexStream.Tests.Scenarios;

/// <summary>A peer, or the network, that reports marks which cannot be true (RFC 9000 §13.4.2).</summary>
[TestFixture]
public sealed class EcnLieTests
{
    [AttackRow(31)]
    [Test]
    public void CeCount_MoreThanWasSent_TurnsEcnOffAndTheTransferGoesOn()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        byte[] data = new byte[20_000];
        client.Send(data);
        pair.RunFor(Instant.Second);
        Connection connection = Forge.ConnectionOf(pair.Client);
        Assert.That(connection.Path.Ecn.State, Is.EqualTo(EcnState.Capable), "until then the counts were true");

        // The next acknowledgement says that every packet was marked, and more than were sent.
        long window = connection.Path.Congestion.Window;
        client.Send(data);
        pair.Filter = (from, frame) =>
        {
            Falsify(pair, from, frame);
            return true;
        };
        pair.RunFor(Instant.Second);
        Assert.That(connection.Path.Ecn.State, Is.EqualTo(EcnState.Failed));
        Assert.That(connection.Path.Congestion.Window, Is.GreaterThanOrEqualTo(window), "a lie is no congestion");

        EcnCodepoint last = EcnCodepoint.Ect0;
        pair.Filter = (from, frame) =>
        {
            last = from == pair.Client && frame.Header.FrameType == LinkFrameType.StreamData ? frame.Header.Ecn : last;
            return true;
        };
        client.Send(data);
        pair.RunFor(Instant.Second);
        Assert.That(last, Is.EqualTo(EcnCodepoint.NotEct));
        int received = 0;
        byte[] buffer = new byte[100_000];
        while (server.Receive(buffer) is { Status: CallStatus.Ok } result)
        {
            received += result.Bytes;
        }

        Assert.That(received, Is.EqualTo(3 * data.Length));
    }

    /// <summary>Overwrites the CE count of an acknowledgement that is the packet's first frame.</summary>
    private static void Falsify(Pair pair, Pair.Side from, Pair.Frame frame)
    {
        Span<byte> frames = frame.Bytes.AsSpan(PacketHeader.Size);
        if (from == pair.Client || frames[0] != (byte)FrameType.DataAck)
        {
            return;
        }

        var reader = new FrameReader(frames);
        reader.TryRead(out RawFrame raw);
        if (PacketAckFrame.TryRead(raw, out PacketAckFrame ack) && ack.HasEcn)
        {
            // The three counts and the credit are the frame's last 32 bytes; CE is the third count.
            frames.Slice(RawFrame.HeaderSize + raw.Payload.Length - 16, 8).Fill(0x7f);
        }
    }
}
