using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Wire;

namespace NexStream.Tests.Recovery;

/// <summary>When received packets are acknowledged (RFC 9000 §13.2.1 and §13.2.2).</summary>
[TestFixture]
public sealed class AckDecisionTests
{
    private const long MaxAckDelayNs = 25 * Instant.Millisecond;

    [Test]
    public void Record_FirstAckEliciting_WaitsForTheMaximumDelay()
    {
        ReceivedPackets received = Create(threshold: 10);
        received.Record(0, new Instant(7), true, EcnCodepoint.NotEct);

        Assert.That(received.AckImmediately, Is.False);
        Assert.That(received.AckDeadline, Is.EqualTo(new Instant(7) + MaxAckDelayNs));
    }

    [Test]
    public void Record_NotAckEliciting_OwesNothing()
    {
        ReceivedPackets received = Create(threshold: 1);
        received.Record(0, Instant.Zero, false, EcnCodepoint.NotEct);
        received.Record(9, Instant.Zero, false, EcnCodepoint.CongestionExperienced);
        received.Record(3, Instant.Zero, false, EcnCodepoint.NotEct);

        Assert.That(received.AckImmediately, Is.False, "an acknowledgement of an acknowledgement would never end");
        Assert.That(received.AckDeadline, Is.EqualTo(Instant.Never));
    }

    [Test]
    public void Record_SecondAckEliciting_KeepsTheFirstDeadlineOrIsImmediate()
    {
        ReceivedPackets received = Create(threshold: 10);
        received.Record(0, new Instant(0), true, EcnCodepoint.NotEct);
        received.Record(1, new Instant(5), true, EcnCodepoint.NotEct);

        Assert.That(received.AckImmediately, Is.True, "every second packet while the sender may be in slow start");
        Assert.That(received.AckDeadline, Is.EqualTo(new Instant(5)));
    }

    [Test]
    public void Record_After32Packets_WaitsForTen()
    {
        ReceivedPackets received = Create(threshold: 10);
        ulong number = 0;
        for (; number < 32; number++)
        {
            received.Record(number, Instant.Zero, true, EcnCodepoint.NotEct);
            Assert.That(received.AckImmediately, Is.EqualTo(number % 2 == 1), $"packet {number}");
            if (received.AckImmediately)
            {
                received.OnAckSent();
            }
        }

        for (int i = 1; i <= 9; i++)
        {
            received.Record(number++, new Instant(i), true, EcnCodepoint.NotEct);
            Assert.That(received.AckImmediately, Is.False, $"{i} unacknowledged");
            Assert.That(received.AckDeadline, Is.EqualTo(new Instant(1) + MaxAckDelayNs), "the deadline is the first packet's");
        }

        received.Record(number, new Instant(10), true, EcnCodepoint.NotEct);
        Assert.That(received.AckImmediately, Is.True);
    }

    // An eighth of a round trip's packets, from 10 up to the maximum.
    [TestCase(20, 10)]
    [TestCase(100, 12)]
    [TestCase(400, 50)]
    [TestCase(4000, 64)]
    public void Record_RateOfPackets_SetsHowManyOneAcknowledgementWaitsFor(int perRoundTrip, int expected)
    {
        const long RoundTripNs = 10 * Instant.Millisecond;
        ReceivedPackets received = Create(threshold: 64);
        ulong number = 0;
        Instant now = Instant.Zero;
        int waiting = 0;
        int longest = 0;
        for (int i = 0; i < perRoundTrip * 8; i++)
        {
            now += RoundTripNs / perRoundTrip;
            received.Record(number++, now, true, EcnCodepoint.NotEct, roundTripNs: RoundTripNs);
            waiting++;
            if (received.AckImmediately)
            {
                longest = i > perRoundTrip * 4 ? Math.Max(longest, waiting) : 0;
                waiting = 0;
                received.OnAckSent();
            }
        }

        Assert.That(longest, Is.EqualTo(expected).Within(1));
    }

    [Test]
    public void Record_SenderWaits_IsImmediate()
    {
        ReceivedPackets received = Warm(threshold: 10);
        received.Record(100, Instant.Zero, true, EcnCodepoint.NotEct, isAckAsked: true);

        Assert.That(received.AckImmediately, Is.True);
    }

    [TestCase(0)]
    [TestCase(1)]
    public void Record_ThresholdOfOne_IsAlwaysImmediate(int threshold)
    {
        ReceivedPackets received = Create(threshold);
        received.Record(0, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.That(received.AckImmediately, Is.True);
    }

    [Test]
    public void Record_Gap_IsImmediateOnce()
    {
        ReceivedPackets received = Warm(threshold: 10);
        received.Record(101, Instant.Zero, true, EcnCodepoint.NotEct);
        Assert.That(received.AckImmediately, Is.True);

        received.OnAckSent();
        received.Record(102, Instant.Zero, true, EcnCodepoint.NotEct);
        Assert.That(received.AckImmediately, Is.False, "nothing is missing between 101 and 102");
    }

    [Test]
    public void Record_OutOfOrder_IsImmediate()
    {
        ReceivedPackets received = Warm(threshold: 10);
        received.Record(102, Instant.Zero, true, EcnCodepoint.NotEct);
        received.OnAckSent();
        received.Record(101, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.That(received.AckImmediately, Is.True);
    }

    // Packets that are not ack-eliciting fill the space between: nothing is missing.
    [Test]
    public void Record_OnlyAcknowledgementsBetween_IsNoGap()
    {
        ReceivedPackets received = Warm(threshold: 10);
        received.Record(100, Instant.Zero, false, EcnCodepoint.NotEct);
        received.Record(101, Instant.Zero, false, EcnCodepoint.NotEct);
        received.Record(102, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.That(received.AckImmediately, Is.False);
    }

    // The gap is noticed by the next ack-eliciting packet, although the packet that opened it was an acknowledgement.
    [Test]
    public void Record_GapOpenedByAcknowledgement_IsImmediateWithTheNextAckEliciting()
    {
        ReceivedPackets received = Warm(threshold: 10);
        received.Record(101, Instant.Zero, false, EcnCodepoint.NotEct);
        Assert.That(received.AckImmediately, Is.False);

        received.Record(102, Instant.Zero, true, EcnCodepoint.NotEct);
        Assert.That(received.AckImmediately, Is.True);
    }

    [Test]
    public void Record_CongestionExperienced_IsImmediate()
    {
        ReceivedPackets received = Warm(threshold: 10);
        received.Record(100, Instant.Zero, true, EcnCodepoint.CongestionExperienced);

        Assert.That(received.AckImmediately, Is.True);
    }

    [Test]
    public void OnAckSent_Always_OwesNothing()
    {
        ReceivedPackets received = Warm(threshold: 10);
        received.Record(105, Instant.Zero, true, EcnCodepoint.NotEct);
        received.OnAckSent();

        Assert.That(received.AckImmediately, Is.False);
        Assert.That(received.AckDeadline, Is.EqualTo(Instant.Never));
    }

    [TestCase(long.MaxValue)]
    [TestCase(long.MinValue)]
    public void Record_ExtremeDelay_NeitherOverflowsNorLiesInThePast(long maxAckDelayNs)
    {
        ReceivedPackets received = default;
        received.Reset(10, maxAckDelayNs);
        received.Record(0, new Instant(5), true, EcnCodepoint.NotEct);

        Assert.That(received.AckDeadline, Is.EqualTo(maxAckDelayNs > 0 ? Instant.Never : new Instant(5)));
    }

    private static ReceivedPackets Create(int threshold)
    {
        ReceivedPackets received = default;
        received.Reset(threshold, MaxAckDelayNs);
        return received;
    }

    /// <summary>Beyond the first 32 packets, everything acknowledged, 99 the largest.</summary>
    private static ReceivedPackets Warm(int threshold)
    {
        ReceivedPackets received = Create(threshold);
        for (ulong number = 0; number < 100; number++)
        {
            received.Record(number, Instant.Zero, true, EcnCodepoint.NotEct);
        }

        received.OnAckSent();
        return received;
    }
}
