using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>A message ends once, whatever else happens at the same time.</summary>
[TestFixture]
public sealed class MessageEndTests
{
    private static readonly EventKind[] s_ends = [EventKind.MessageAcknowledged, EventKind.MessageLost, EventKind.MessageExpired];

    [Test]
    public void UnorderedMessage_OnlyFragmentLostAsOftenAsAllowed_ExpiresOnce()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle stream, _) = OpenWith(pair, TransportMode.ReliableUnordered);
        pair.Settle();
        bool isFirst = true;
        pair.Filter = (from, frame) =>
        {
            bool isLost = isFirst && from == pair.Client && frame.Header.StreamId != 0;
            isFirst &= !isLost;
            return !isLost;
        };
        stream.Send(new byte[100], new SendOptions(Report: true, MaxAttempts: 1));
        pair.Settle();
        for (int i = 0; i < 5; i++)
        {
            stream.Send(new byte[100]);
            pair.Settle();
        }

        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Events.Where(e => s_ends.Contains(e.Kind)).Select(e => e.Kind), Is.EqualTo([EventKind.MessageExpired]));
        Assert.That(pair.Client.Endpoint.State.Messages.Count, Is.Zero);
    }

    // The reader has gone, and the writer does not know it yet: the message counts as taken with its first fragment, and the last one brings the end.
    [Test]
    public void UnorderedMessage_NobodyReadsIt_EndsWithTheFragmentThatHasTheEnd()
    {
        var pair = new Pair(network: new NetworkConditions { DelayNs = 10 * Instant.Millisecond });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        pair.RunFor(Instant.Second);

        // More than the initial window: the last fragments are cut when the first are acknowledged.
        client.Send(new byte[30_000]);
        pair.Settle();
        client.Close();
        int sent = 0;
        pair.Filter = (from, _) => from == pair.Client || sent++ > 0;
        server.Close();
        pair.RunFor(10 * Instant.Second);
        Assert.That(sent, Is.GreaterThan(1), "The first told that nobody reads, and was lost.");
        Assert.That((pair.Client.Endpoint.Statistics.StreamCount, pair.Server.Endpoint.Statistics.StreamCount), Is.EqualTo((0, 0)));
    }

    [Test]
    public void Datagram_AcknowledgedAfterResetBeforeReportIsFetched_IsReportedOnce()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle stream, _) = OpenWith(pair, TransportMode.BestEffort);
        pair.RunFor(Instant.Second);
        var held = new List<Pair.Frame>();
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Server)
            {
                held.Add(frame);
            }

            return from == pair.Client;
        };
        stream.Send(new byte[100], new SendOptions(Report: true));
        pair.RunFor(50 * Instant.Millisecond);
        Assert.That(held, Is.Not.Empty);

        stream.Reset(ReasonCode.ApplicationBase);
        foreach (Pair.Frame frame in held)
        {
            pair.Client.Deliver(frame);
        }

        pair.Filter = null;
        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Events.Count(e => s_ends.Contains(e.Kind)), Is.EqualTo(1));
        Assert.That(pair.Client.Endpoint.State.Messages.Count, Is.Zero);
    }

    /// <summary>Opens a stream and lets something of it arrive, so that its STREAM_OPEN is out of the way.</summary>
    private static (StreamHandle Client, StreamHandle Server) OpenWith(Pair pair, TransportMode mode)
    {
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        pair.RunFor(Instant.Second);
        return (client, server);
    }
}
