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
    [TestCase(new ulong[] { 63, 64, 65, 0 }, "63-65 0-0")]
    [TestCase(new ulong[] { 62, 64, 63, 128, 127 }, "127-128 62-64")]
    [TestCase(new[] { ulong.MaxValue, ulong.MaxValue - 1, 0UL }, "18446744073709551614-18446744073709551615")]
    public void Record_AnyOrder_KeepsRangesNewestFirst(ulong[] numbers, string expected)
    {
        ReceivedPackets received = Create();
        foreach (ulong number in numbers)
        {
            received.Record(number, Instant.Zero, ackEliciting: true, EcnCodepoint.NotEct);
        }

        Assert.That(Format(received), Is.EqualTo(expected));
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
    public void Record_BeyondTheWindow_ForgetsTheOldestAndRefusesThem()
    {
        ReceivedPackets received = Create(10, 100);
        received.Record(ReceivedPackets.Window + 10, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.Multiple(() =>
        {
            Assert.That(received.IsDuplicate(9), Is.True, "nobody knows whether it was received");
            Assert.That(received.IsDuplicate(10), Is.True);
            Assert.That(received.IsDuplicate(99), Is.False);
            Assert.That(received.IsDuplicate(100), Is.True);
            Assert.That(Format(received), Is.EqualTo($"{ReceivedPackets.Window + 10}-{ReceivedPackets.Window + 10} 100-100"));
        });
    }

    [Test]
    public void Record_FarAhead_ForgetsAllThatWasBefore()
    {
        ReceivedPackets received = Create(1, 2, 3);
        received.Record(1_000_000_000_000, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.That(Format(received), Is.EqualTo("1000000000000-1000000000000"));
        Assert.That(received.IsDuplicate(999_999_999_999), Is.False);
        Assert.That(received.IsDuplicate(4), Is.True);
    }

    [Test]
    public void Record_LongRunWithoutGaps_StaysOneRange()
    {
        ReceivedPackets received = Create();
        for (ulong number = 0; number < 3 * ReceivedPackets.Window; number++)
        {
            received.Record(number, Instant.Zero, true, EcnCodepoint.NotEct);
        }

        Assert.That(Format(received), Is.EqualTo($"0-{(3 * ReceivedPackets.Window) - 1}"));
    }

    // Data goes one way, so nobody acknowledges the acknowledgements: what was missing for six round trips is given up.
    [Test]
    public void Record_GapsOfLongAgo_AreNoLongerReported()
    {
        const long RoundTripNs = 10 * Instant.Millisecond;
        ReceivedPackets received = Create();
        received.Record(0, Instant.Zero, true, EcnCodepoint.NotEct, roundTripNs: RoundTripNs);
        received.Record(2, Instant.Zero, true, EcnCodepoint.NotEct, roundTripNs: RoundTripNs);
        received.Record(4, Instant.Zero + (3 * RoundTripNs), true, EcnCodepoint.NotEct, roundTripNs: RoundTripNs);
        Assert.That(Format(received), Is.EqualTo("4-4 2-2 0-0"), "reported for three round trips");

        received.Record(6, Instant.Zero + (6 * RoundTripNs), true, EcnCodepoint.NotEct, roundTripNs: RoundTripNs);
        Assert.That(Format(received), Is.EqualTo("6-6 4-4 2-2"), "0 ends below the largest of the first three");

        received.Record(1, Instant.Zero + (6 * RoundTripNs), true, EcnCodepoint.NotEct, roundTripNs: RoundTripNs);
        Assert.That(Format(received), Is.EqualTo("6-6 4-4 0-2"), "what comes late is reported once more");
    }

    [Test]
    public void CopyRanges_MoreThanFit_OlderOnesTakeTurns()
    {
        ReceivedPackets received = Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18);
        Span<PacketNumberRange> room = stackalloc PacketNumberRange[4];
        HashSet<ulong> reported = [];
        for (int i = 0; i < 5; i++)
        {
            int count = received.CopyRanges(room, out bool isComplete);
            Assert.That(isComplete, Is.False);
            Assert.That(room[0].Last, Is.EqualTo(18));
            Assert.That(room[1].Last, Is.EqualTo(16), "the newest half is always there");
            for (int range = 0; range < count; range++)
            {
                reported.Add(room[range].First);
                Assert.That(range == 0 || room[range].Last + 1 < room[range - 1].First, Is.True, "newest first and apart");
            }
        }

        Assert.That(reported, Has.Count.EqualTo(10), "nothing is left out for ever");
    }

    [Test]
    public void CopyRanges_Fitting_IsComplete()
    {
        ReceivedPackets received = Create(0, 2, 4, 6);
        Span<PacketNumberRange> room = stackalloc PacketNumberRange[4];

        Assert.That(received.CopyRanges(room, out bool isComplete), Is.EqualTo(4));
        Assert.That(isComplete, Is.True);
    }

    [Test]
    public void OnAckAcknowledged_OlderRanges_AreNoLongerReportedButRefused()
    {
        ReceivedPackets received = Create(0, 2, 4);
        received.OnAckAcknowledged(4);

        Assert.That(Format(received), Is.EqualTo("4-4"));
        Assert.That(received.IsDuplicate(0), Is.True);
        Assert.That(received.IsDuplicate(1), Is.False);
    }

    [Test]
    public void OnAckAcknowledged_PacketArrivesLate_IsReported()
    {
        ReceivedPackets received = Create(0, 2, 4, 6);
        received.OnAckAcknowledged(6);
        received.Record(3, Instant.Zero, true, EcnCodepoint.NotEct);

        Assert.That(Format(received), Is.EqualTo("6-6 2-4"));
    }

    // The acknowledgement that reported up to 6 left before 1 arrived: it says nothing about 1.
    [Test]
    public void OnAckAcknowledged_SentBeforeALatePacket_SettlesNothing()
    {
        ReceivedPackets received = Create(2, 4, 6);
        received.Record(0, Instant.Zero, true, EcnCodepoint.NotEct);
        received.OnAckAcknowledged(6);
        Assert.That(Format(received), Is.EqualTo("6-6 4-4 2-2 0-0"));

        received.Record(8, Instant.Zero, true, EcnCodepoint.NotEct);
        received.OnAckAcknowledged(8);
        Assert.That(Format(received), Is.EqualTo("8-8"));
    }

    [Test]
    public void OnAckAcknowledged_NeverReported_IsIgnored()
    {
        ReceivedPackets received = Create(0, 2);
        received.OnAckAcknowledged(ulong.MaxValue);

        Assert.That(Format(received), Is.EqualTo("2-2 0-0"));
    }

    [Test]
    public void Reset_AfterUse_ForgetsEverything()
    {
        ReceivedPackets received = Create(0, 2);
        received.Reset(2, 0);

        Assert.That(Format(received), Is.Empty);
        Assert.That(received.IsDuplicate(0), Is.False);
        Assert.That(received.AckDeadline, Is.EqualTo(Instant.Never));
    }

    [Test]
    public void Record_AnyNumbers_AgreesWithASet() =>
        Gen.ULong[0, 300].Array[0, 200].Sample(numbers =>
        {
            ReceivedPackets received = Create();
            SortedSet<ulong> model = [];
            foreach (ulong number in numbers)
            {
                if (received.IsDuplicate(number) != model.Contains(number))
                {
                    return false;
                }

                received.Record(number, Instant.Zero, true, EcnCodepoint.NotEct);
                model.Add(number);
            }

            // Newest first, apart from each other, everything that was received and nothing else.
            Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[200];
            int count = received.CopyRanges(ranges, out bool isComplete);
            ulong previousFirst = ulong.MaxValue;
            foreach (PacketNumberRange range in ranges[..count])
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

            return isComplete && model.Count == 0;
        });

    /// <summary>Packets that arrive together, a gap or a mark before some of them: recorded as a run, or one by one, they leave the same behind.</summary>
    [Test]
    public void RecordNext_ARunAtOnce_IsWhatOneByOneIs() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[0, 3], Gen.Int[0, 20_000], Gen.Int[0, 7]).Array[1, 30].Sample(
            runs =>
            {
                ReceivedPackets together = CreateSlow();
                ReceivedPackets apart = CreateSlow();
                Instant now = Instant.Zero + Instant.Second;
                foreach ((int count, int codePoint, int pauseUs, int after) in runs)
                {
                    var ecn = (EcnCodepoint)codePoint;
                    together.RecordNext(count, now, ecn, Instant.Millisecond);
                    for (int i = 0; i < count; i++)
                    {
                        apart.RecordNext(now, ecn, Instant.Millisecond);
                    }

                    switch (after)
                    {
                        case 0:
                            together.OnAckSent();
                            apart.OnAckSent();
                            break;
                        case 1:
                            ulong jump = together.Largest + 5;
                            together.Record(jump, now, ackEliciting: true, ecn);
                            apart.Record(jump, now, ackEliciting: true, ecn);
                            break;
                        default:
                            break;
                    }

                    Assert.That(StateOf(together), Is.EqualTo(StateOf(apart)));
                    now += pauseUs * Instant.Microsecond;
                }
            });

    private static ReceivedPackets CreateSlow()
    {
        ReceivedPackets received = default;
        received.Reset(thresholdMax: 64, maxAckDelayNs: 25 * Instant.Millisecond);
        received.Record(60, Instant.Zero, true, EcnCodepoint.NotEct);
        return received;
    }

    private static string StateOf(ReceivedPackets received) =>
        $"{Format(received)} {received.LargestReceivedAt.Nanoseconds} {received.Ect0} {received.Ect1} {received.Ce} "
        + $"{received.AckImmediately} {received.AckDeadline.Nanoseconds}";

    private static ReceivedPackets Create(params ulong[] numbers)
    {
        ReceivedPackets received = default;
        received.Reset(thresholdMax: 2, maxAckDelayNs: 25 * Instant.Millisecond);
        foreach (ulong number in numbers)
        {
            received.Record(number, Instant.Zero, true, EcnCodepoint.NotEct);
        }

        return received;
    }

    private static string Format(ReceivedPackets received)
    {
        Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[32];
        List<string> parts = [];
        foreach (PacketNumberRange range in ranges[..received.CopyRanges(ranges, out _)])
        {
            parts.Add($"{range.First}-{range.Last}");
        }

        return string.Join(' ', parts);
    }
}
