using System.Buffers.Binary;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Attacks;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

[TestFixture]
public sealed class FlowControlTests
{
    private static readonly StreamConfig s_ordered = new(TransportMode.ReliableOrdered);
    private static readonly StreamConfig s_unordered = new(TransportMode.ReliableUnordered);

    [Test]
    public void ReliableUnordered_NobodyReads_SenderStallsAtExactlyTheWindow()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(s_unordered, new ConnectionConfig { StreamMessageWindow = 5, StreamMessageWindowMax = 5 });
        for (int i = 0; i < 9; i++)
        {
            // Several fragments each: the window counts messages (NS-RU-004).
            Assert.That(client.Send(new byte[5000]).Status, Is.EqualTo(CallStatus.Ok));
        }

        pair.RunFor(2 * Instant.Second);
        Assert.That(client.Statistics.Sent, Is.EqualTo(5), "One message opened the stream and was read; half a window must be read before credit is renewed.");

        Assert.That(server.ReadAll(), Has.Count.EqualTo(4));
        pair.RunFor(2 * Instant.Second);
        Assert.That(client.Statistics.Sent, Is.EqualTo(10), "WINDOW_UPDATE releases the rest.");
    }

    [Test]
    public void ReliableOrdered_NobodyReads_SenderStallsAtExactlyTheWindow()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(s_ordered, new ConnectionConfig { StreamReceiveWindow = 10_000, StreamReceiveWindowMax = 10_000 });
        client.Send(new byte[50_000]);
        pair.RunFor(2 * Instant.Second);
        Assert.That(client.Statistics.Sent, Is.EqualTo(10_000));

        int read = 0;
        pair.RunUntil(() =>
        {
            read += server.ReadAll().Sum(m => m.Length);
            pair.Settle();
            return read == 50_000;
        });
    }

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void WindowUpdate_Lost_IsSentAgain(TransportMode mode)
    {
        var config = new ConnectionConfig { StreamReceiveWindow = 4000, StreamReceiveWindowMax = 4000, StreamMessageWindow = 4, StreamMessageWindowMax = 4 };
        (Pair pair, StreamHandle client, StreamHandle server) = Open(new StreamConfig(mode), config);
        int dropped = 0;
        pair.Filter = (from, frame) => from != pair.Server || !Frames.Has(frame, FrameType.WindowUpdate) || dropped++ >= 2;
        for (int i = 0; i < 12; i++)
        {
            client.Send(new byte[1000]);
        }

        int read = 0;
        pair.RunUntil(() =>
        {
            read += server.ReadAll().Sum(m => m.Length);
            pair.Settle();
            return read == 12_000;
        });
        Assert.That(dropped, Is.GreaterThan(1));
    }

    [Test]
    public void ConnectionCredit_UsedUp_BlocksReliableStreamsButNotBestEffort()
    {
        var config = new ConnectionConfig
        {
            ReceiveWindow = 20_000,
            ReceiveWindowMax = 20_000,
            MaxMessageLength = 10_000,
            StreamReceiveWindow = 16_000,
            StreamReceiveWindowMax = 16_000,
        };
        (Pair pair, StreamHandle a, _) = Open(s_ordered, config);
        (StreamHandle b, _) = Started(pair, s_ordered);
        (StreamHandle c, _) = Started(pair, s_unordered);
        (StreamHandle d, StreamHandle reader) = Started(pair, new StreamConfig(TransportMode.BestEffort));
        ulong before = a.Statistics.Sent + b.Statistics.Sent;
        a.Send(new byte[15_000]);
        b.Send(new byte[15_000]);
        pair.RunFor(Instant.Second);
        ulong ordered = a.Statistics.Sent + b.Statistics.Sent - before;
        Assert.That(ordered, Is.InRange(19_990UL, 20_000UL), "The connection's credit is a hard limit, and is used up.");

        c.Send(new byte[1000]);
        d.Send(new byte[1000]);
        pair.RunFor(Instant.Second);
        Assert.That(c.Statistics.Sent, Is.EqualTo(1), "Only the message that opened it.");
        Assert.That(reader.ReadAll(), Has.Count.EqualTo(1));
    }

    [AttackRow(25)]
    [Test]
    public void SlowReader_OfOneStream_DoesNotStopAnother()
    {
        (Pair pair, StreamHandle slow, StreamHandle _) = Open(s_ordered, new ConnectionConfig());
        (StreamHandle fast, StreamHandle reader) = Started(pair, s_ordered);
        byte[] chunk = new byte[10_000];
        int read = 0;
        pair.RunUntil(() =>
        {
            slow.FillUp(chunk);
            fast.FillUp(chunk);
            read += reader.ReadAll().Sum(m => m.Length);
            pair.Settle();
            return read > 5_000_000;
        });
        Assert.That(slow.Statistics.Sent, Is.LessThanOrEqualTo(128 * 1024UL + 1));
    }

    [Test]
    public void ReceiveWindow_HundredMegabitsAtThreeHundredMilliseconds_GrowsToFillTheLink()
    {
        const long Rate = 12_500_000;
        var config = new ConnectionConfig { SendBuffer = 24 * 1024 * 1024 };
        var pair = new Pair(1, new NetworkConditions { DelayNs = 150 * Instant.Millisecond, Rate = Rate }, config, frameCount: 48 * 1024);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = Started(pair, s_ordered);
        byte[] chunk = new byte[256 * 1024];
        byte[] buffer = new byte[256 * 1024];
        long read = 0;
        Instant start = pair.Now;
        long atStart = -1;
        const long From = 10 * Instant.Second;
        const long To = 13 * Instant.Second;
        pair.RunUntil(() =>
        {
            client.FillUp(chunk);
            while (server.Receive(buffer) is { Status: CallStatus.Ok, Bytes: > 0 } result)
            {
                read += result.Bytes;
            }

            pair.Settle();
            if (atStart < 0 && pair.Now >= start + From)
            {
                atStart = read;
            }

            return pair.Now >= start + To;
        });
        double utilisation = (read - atStart) / (Rate * 3.0);
        Assert.That(utilisation, Is.GreaterThan(0.9));
    }

    [Test]
    public void StreamDataAck_Gap_CarriesTheWindowInUnitsOfTheScale()
    {
        var config = new ConnectionConfig { StreamReceiveWindow = 1_000_000, ReceiveWindow = 2_000_000 };
        (Pair pair, StreamHandle client, StreamHandle _) = Open(s_ordered, config);
        uint? window = null;
        uint acknowledged = 0;
        int dropped = 0;
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Server)
            {
                foreach (byte[] payload in Frames.PayloadsOf(frame, FrameType.DataAck).Where(p => BinaryPrimitives.ReadUInt32BigEndian(p) == client.Id))
                {
                    acknowledged = BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4));
                    window ??= BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(8));
                }
            }

            return from != pair.Client || !Frames.IsDataOf(frame, client.Id) || dropped++ != 0;
        };
        client.Send(new byte[5000]);
        pair.RunFor(Instant.Second);
        Assert.That(window, Is.EqualTo((1_000_000u - acknowledged) >> 14));
        Assert.That(window, Is.GreaterThan(0u));
    }

    /// <summary>A pair with one stream, whose first byte or message was sent and read.</summary>
    private static (Pair Pair, StreamHandle Client, StreamHandle Server) Open(in StreamConfig stream, ConnectionConfig config)
    {
        var pair = new Pair(connection: config);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = Started(pair, stream);
        return (pair, client, server);
    }

    private static (StreamHandle Client, StreamHandle Server) Started(Pair pair, in StreamConfig stream)
    {
        (StreamHandle client, StreamHandle server) = pair.Open(stream);
        client.Send(new byte[1]);
        pair.RunUntil(() => server.ReadAll().Count > 0);
        return (client, server);
    }
}
