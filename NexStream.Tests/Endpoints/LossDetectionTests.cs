using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>When a packet counts as lost, and when the sender asks (RFC 9002 §6), between two endpoints with a round trip of 20 ms.</summary>
[TestFixture]
public sealed class LossDetectionTests
{
    private const long RttNs = 20 * Instant.Millisecond;
    private const long ApartNs = 100 * Instant.Microsecond;

    /// <summary>The longest that the peer holds an acknowledgement back.</summary>
    private const long AckDelayNs = 10 * Instant.Millisecond;

    // The first of four that leave 0.1 ms apart: the acknowledgement of the fourth comes before 9/8 of a round trip are over.
    [Test]
    public void Packet_ThreeAcknowledgedBehindIt_IsSentAgainAtOnce()
    {
        (Pair pair, StreamHandle client) = Open();
        Instant start = LoseTheFirstOf(pair, client, 4);
        pair.RunUntil(() => PathOf(pair).PacketsLost > 0);

        Assert.That(pair.Now - start, Is.EqualTo((3 * ApartNs) + RttNs));
        Assert.That(client.Statistics.Retransmissions, Is.EqualTo(1));
    }

    [Test]
    public void Packet_OneAcknowledgedBehindIt_IsSentAgainAfterNineEighthsOfARoundTrip()
    {
        (Pair pair, StreamHandle client) = Open();
        Instant start = LoseTheFirstOf(pair, client, 2);
        pair.RunUntil(() => PathOf(pair).PacketsLost > 0);

        Assert.That(pair.Now - start, Is.EqualTo(Math.Max(PathOf(pair).SmoothedRttNs, RttNs) * 9 / 8));
        Assert.That(client.Statistics.Retransmissions, Is.EqualTo(1));
    }

    [Test]
    public void Tail_Lost_IsProbedAfterTheProbeTimeout()
    {
        (Pair pair, StreamHandle client) = Open();
        Instant start = LoseTheFirstOf(pair, client, 1);
        PathStatistics before = PathOf(pair);
        pair.RunUntil(() => PathOf(pair).PacketsSent > before.PacketsSent);

        Assert.That(pair.Now - start, Is.EqualTo(before.SmoothedRttNs + Math.Max(4 * before.RttVarianceNs, Instant.Millisecond) + AckDelayNs));
        Assert.That(PathOf(pair).ProbeTimeouts, Is.EqualTo(before.ProbeTimeouts + 1));
        pair.RunFor(Instant.Second);
        Assert.That(client.Statistics.SendBuffered, Is.Zero, "the probe carried what was lost");
    }

    [Test]
    public void Tail_LostAgainAndAgain_IsProbedAtDistancesThatDouble()
    {
        (Pair pair, StreamHandle client) = Open();
        List<Instant> sent = [];
        pair.Filter = (_, _) =>
        {
            // Two packets are sent at each time-out.
            if (sent.Count == 0 || sent[^1] != pair.Now)
            {
                sent.Add(pair.Now);
            }

            return false;
        };
        client.Send(new byte[1000]);
        pair.RunUntil(() => sent.Count == 6);

        long first = sent[1] - sent[0];
        Assert.That(Enumerable.Range(1, 4).Select(i => sent[i + 1] - sent[i]), Is.EqualTo(new[] { 2 * first, 4 * first, 8 * first, 16 * first }));
    }

    /// <summary>Acknowledgements come at once and nothing is held back, so that times are exact.</summary>
    private static (Pair Pair, StreamHandle Client) Open()
    {
        var pair = new Pair(
            connection: new ConnectionConfig { AckThreshold = 1, MaxAckDelay = TimeSpan.FromMilliseconds(10) },
            configure: config => config with { Congestion = CongestionControllers.None });
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        return (pair, client);
    }

    private static Instant LoseTheFirstOf(Pair pair, StreamHandle client, int packets)
    {
        Instant start = pair.Now;
        bool isLost = false;
        pair.Filter = (from, _) =>
        {
            bool gets = from != pair.Client || isLost;
            isLost |= from == pair.Client;
            return gets;
        };
        for (int i = 0; i < packets; i++)
        {
            pair.RunFor(i == 0 ? 0 : ApartNs);
            Assert.That(client.Send(new byte[1000]).Bytes, Is.EqualTo(1000));
            pair.Settle();
        }

        return start;
    }

    private static PathStatistics PathOf(Pair pair) => pair.Client.Connection.Statistics.Path;
}
