using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Wire;

namespace NexStream.Tests.Recovery;

/// <summary>Which packets were received: ranges, duplicates, what is forgotten.</summary>
[TestFixture]
public sealed class ReceivedPacketsTests
{
    [TestCase(new ulong[] { 5 }, "5-5")]
    [TestCase(new ulong[] { 0, 1, 2 }, "0-2")]
    [TestCase(new ulong[] { 0, 2 }, "2-2 0-0")]
    [TestCase(new ulong[] { 2, 0 }, "2-2 0-0")]
    [TestCase(new ulong[] { 0, 2, 1 }, "0-2")]
    [TestCase(new ulong[] { 7, 3, 5, 4 }, "7-7 3-5")]
    [TestCase(new ulong[] { 7, 3, 5, 6 }, "5-7 3-3")]
    [TestCase(new ulong[] { 9, 1, 5, 4, 6 }, "9-9 4-6 1-1")]
    [TestCase(new ulong[] { 9, 1, 5, 2, 3, 4 }, "9-9 1-5")]
    [TestCase(new[] { ulong.MaxValue, ulong.MaxValue - 1, 0UL }, "18446744073709551614-18446744073709551615 0-0")]
    public void Record_AnyOrder_KeepsRangesNewestFirst(ulong[] numbers, string expected)
    {
        ReceivedPackets received = Create();
        foreach (ulong number in numbers)
        {
            received.Record(number, Instant.Zero, ackEliciting: true, EcnCodepoint.NotEct);
        }

        Assert.That(Format(received.Ranges), Is.EqualTo(expected));
    }

    [Test]
    public void Record_NewLargest_RemembersWhenItArrived()
    {
        ReceivedPackets received = Create();
        Assert.That(received.HasAny, Is.False);

        received.Record(4, new Instant(10), true, EcnCodepoint.NotEct);
        received.Record(3, new Instant(20), true, EcnCodepoint.NotEct);

        Assert.Multiple(() =>
        {
            Assert.That(received.HasAny, Is.True);
            Assert.That(received.Largest, Is.EqualTo(4));
            Assert.That(received.LargestReceivedAt, Is.EqualTo(new Instant(10)));
        });
    }

    [Test]
    public void Record_CodePoints_AreCounted()
    {
        ReceivedPackets received = Create();
        EcnCodepoint[] codePoints =
        [
            EcnCodepoint.Ect0, EcnCodepoint.Ect0, EcnCodepoint.Ect0, EcnCodepoint.Ect1, EcnCodepoint.Ect1,
            EcnCodepoint.CongestionExperienced, EcnCodepoint.NotEct,
        ];
        for (int i = 0; i < codePoints.Length; i++)
        {
            received.Record((ulong)i, Instant.Zero, false, codePoints[i]);
        }

        Assert.That((received.Ect0, received.Ect1, received.Ce), Is.EqualTo((3UL, 2UL, 1UL)));
    }

    // RFC 9000 §13.4.1: a duplicate is not processed, so it is not counted either.
    [Test]
    public void Record_Duplicate_ChangesNothing()
    {
        ReceivedPackets received = Create();
        received.Record(1, new Instant(1), true, EcnCodepoint.Ect0);
        received.OnAckSent();
        received.Record(1, new Instant(2), true, EcnCodepoint.CongestionExperienced);

        Assert.Multiple(() =>
        {
            Assert.That((received.Ect0, received.Ce), Is.EqualTo((1UL, 0UL)));
            Assert.That(received.AckImmediately, Is.False);
            Assert.That(received.AckDeadline, Is.EqualTo(Instant.Never));
            Assert.That(received.LargestReceivedAt, Is.EqualTo(new Instant(1)));
        });
    }

    [Test]
    public void Record_RangesFull_ForgetsTheOldestAndRefusesIt()
    {
        ReceivedPackets received = Create();
        for (ulong i = 0; i <= ReceivedPackets.RangeCapacity; i++)
        {
            received.Record(10 + (i * 2), Instant.Zero, true, EcnCodepoint.NotEct);
        }

        Assert.Multiple(() =>
        {
            Assert.That(received.Ranges.Length, Is.EqualTo(ReceivedPackets.RangeCapacity));
            Assert.That(received.Ranges[^1], Is.EqualTo(new PacketNumberRange(12, 12)), "the range of 10 was forgotten");
            Assert.That(received.IsDuplicate(10), Is.True);
            Assert.That(received.IsDuplicate(9), Is.True, "nobody knows whether it was received");
            Assert.That(received.IsDuplicate(11), Is.False);
        });
    }

    [Test]
    public void Record_OlderThanAllWhenFull_IsRefusedFromThenOn()
    {
        ReceivedPackets received = Create();
        for (ulong i = 0; i < ReceivedPackets.RangeCapacity; i++)
        {
            received.Record(10 + (i * 2), Instant.Zero, true, EcnCodepoint.NotEct);
        }

        Assert.That(received.IsDuplicate(5), Is.False);
        received.Record(5, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.That(received.IsDuplicate(5), Is.True);
        Assert.That(received.IsDuplicate(6), Is.False);
        Assert.That(received.Ranges[^1], Is.EqualTo(new PacketNumberRange(10, 10)));
    }

    [Test]
    public void OnAckAcknowledged_OlderRanges_AreNoLongerReportedButRefused()
    {
        ReceivedPackets received = Create(0, 2, 4);
        received.OnAckAcknowledged(4);

        Assert.That(Format(received.Ranges), Is.EqualTo("4-4"));
        Assert.That(received.IsDuplicate(0), Is.True);
        Assert.That(received.IsDuplicate(1), Is.False);
    }

    [Test]
    public void OnAckAcknowledged_PacketArrivesLate_IsReported()
    {
        ReceivedPackets received = Create(0, 2, 4, 6);
        received.OnAckAcknowledged(6);
        received.Record(3, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.That(Format(received.Ranges), Is.EqualTo("6-6 2-4"));
    }

    // The acknowledgement that reported up to 6 left before 1 arrived: it says nothing about 1.
    [Test]
    public void OnAckAcknowledged_SentBeforeALatePacket_SettlesNothing()
    {
        ReceivedPackets received = Create(2, 4, 6);
        received.Record(0, Instant.Zero, true, EcnCodepoint.NotEct);
        received.OnAckAcknowledged(6);
        Assert.That(Format(received.Ranges), Is.EqualTo("6-6 4-4 2-2 0-0"));

        received.Record(8, Instant.Zero, true, EcnCodepoint.NotEct);
        received.OnAckAcknowledged(8);
        Assert.That(Format(received.Ranges), Is.EqualTo("8-8"));
    }

    [Test]
    public void OnAckAcknowledged_NeverReported_IsIgnored()
    {
        ReceivedPackets received = Create(0, 2);
        received.OnAckAcknowledged(ulong.MaxValue);

        Assert.That(Format(received.Ranges), Is.EqualTo("2-2 0-0"));
    }

    [Test]
    public void Reset_AfterUse_ForgetsEverything()
    {
        ReceivedPackets received = Create(0, 2);
        received.Reset(2, 0);

        Assert.That(received.Ranges.IsEmpty, Is.True);
        Assert.That(received.IsDuplicate(0), Is.False);
        Assert.That(received.AckDeadline, Is.EqualTo(Instant.Never));
    }

    [Test]
    public void Record_AnyNumbers_AgreesWithASet() =>
        Gen.ULong[0, 120].Array[0, 200].Sample(numbers =>
        {
            ReceivedPackets received = Create();
            HashSet<ulong> model = [];
            foreach (ulong number in numbers)
            {
                bool isDuplicate = received.IsDuplicate(number);
                if (model.Contains(number) && !isDuplicate)
                {
                    return false;
                }

                if (!isDuplicate)
                {
                    received.Record(number, Instant.Zero, true, EcnCodepoint.NotEct);
                    model.Add(number);
                }
            }

            // Newest first, apart from each other, nothing reported that was not received; nothing but the forgotten is missing.
            ulong previousFirst = ulong.MaxValue;
            foreach (PacketNumberRange range in received.Ranges)
            {
                if (range.First > range.Last || (previousFirst != ulong.MaxValue && range.Last + 1 >= previousFirst))
                {
                    return false;
                }

                for (ulong number = range.First; number <= range.Last; number++)
                {
                    if (!model.Remove(number))
                    {
                        return false;
                    }
                }

                previousFirst = range.First;
            }

            return received.Ranges.Length == ReceivedPackets.RangeCapacity || model.Count == 0 || model.Max() < previousFirst;
        });

    private static ReceivedPackets Create(params ulong[] numbers)
    {
        ReceivedPackets received = default;
        received.Reset(threshold: 2, maxAckDelayNs: 25 * Instant.Millisecond);
        foreach (ulong number in numbers)
        {
            received.Record(number, Instant.Zero, true, EcnCodepoint.NotEct);
        }

        return received;
    }

    private static string Format(ReadOnlySpan<PacketNumberRange> ranges)
    {
        List<string> parts = [];
        foreach (PacketNumberRange range in ranges)
        {
            parts.Add($"{range.First}-{range.Last}");
        }

        return string.Join(' ', parts);
    }
}
