using CsCheck;
using NexStream.Core.Congestion;
using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;
using Controller = NexStream.Core.Congestion.Bbr.Bbr;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>What holds for every controller: no call breaks it, nothing is allocated, and the same calls give the same.</summary>
[TestFixture]
public sealed class BbrTests
{
    private static readonly Gen<long> s_bytes = Gen.OneOf(Gen.Long[0, 3_000_000], Gen.Long[0, 20_000], Gen.Long);

    [TestCase("cubic", "cubic")]
    [TestCase("BBR", "bbr")]
    [TestCase("none", "none")]
    public void TryGet_KnownName_GivesItsFactory(string name, string expected)
    {
        Assert.That(CongestionControllers.TryGet(name, out ICongestionControllerFactory? factory), Is.True);
        Assert.That((factory!.Name, factory.Create().Name), Is.EqualTo((expected, expected)));
    }

    [TestCase("")]
    [TestCase("bbr2")]
    public void TryGet_UnknownName_GivesNothing(string name)
    {
        Assert.That(CongestionControllers.TryGet(name, out ICongestionControllerFactory? factory), Is.False);
        Assert.That(factory, Is.Null);
    }

    [Test]
    public void FrameLength_NotPositive_IsMisuse()
    {
        Controller bbr = new();
        Assert.That(() => bbr.Reset(default), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => bbr.OnFrameLengthChanged(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void FrameLength_Changed_WindowStaysWholePackets()
    {
        Scenario path = new(megabits: 1, rttMs: 20);
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        foreach (int length in new[] { 9000, 1201, 1500 })
        {
            path.Flow.Congestion.OnFrameLengthChanged(length);
            Assert.That(path.Flow.Congestion.CongestionWindow % length, Is.Zero);
            Assert.That(path.Flow.Congestion.CongestionWindow, Is.GreaterThanOrEqualTo(2 * length));
        }

        Assert.That(path.Utilisation(5 * Instant.Second), Is.GreaterThan(0.9));
    }

    [Test]
    public void Statistics_OfAPath_AreItsModel()
    {
        Scenario path = new();
        Assert.That((path.Flow.Bbr.DeliveryRate, path.Flow.Bbr.QueueingDelayNs), Is.EqualTo((0L, 0L)));
        path.RunTo(BbrPhase.Drain);
        Assert.That(path.Flow.Bbr.DeliveryRate, Is.EqualTo(path.Link.Rate).Within(2).Percent);
        Assert.That(path.Flow.Bbr.QueueingDelayNs, Is.GreaterThan(path.Link.RttNs / 4));
    }

    [Test]
    public void Calls_AnyOrderAndNumbers_KeepTheInvariants()
    {
        Gen<Action<Controller>> call = Gen.OneOf<Action<Controller>>(
            Gen.Select(Gen.Long, s_bytes, s_bytes, Gen.Bool).Select((now, bytes, inFlight, limited) => (Action<Controller>)(
                bbr => bbr.OnPacketsSent(new Instant(now), (int)Math.Clamp(bytes, 1, 65_535), inFlight, 0, limited))),
            Gen.Select(Gen.Long[0, 100 * Instant.Second], s_bytes, s_bytes, s_bytes, s_bytes, s_bytes, s_bytes, Gen.Bool)
                .Select((now, a, b, c, d, e, rate, limited) => (Action<Controller>)(bbr => bbr.OnAcknowledged(new AcknowledgedBatch
                {
                    Now = new Instant(now),
                    LargestAcknowledgedSentAt = new Instant(now / 2),
                    AcknowledgedBytes = a,
                    BytesInFlight = b,
                    PriorBytesInFlight = c,
                    Delivered = d,
                    PriorDelivered = e,
                    SampleDelivered = a,
                    DeliveryRate = rate,
                    TransmitInFlight = b,
                    SampleLostBytes = c / 3,
                    RttSampleNs = e,
                    LatestRttNs = d,
                    IsApplicationLimited = limited,
                }))),
            Gen.Select(Gen.Long, s_bytes, s_bytes, Gen.Int, Gen.Bool).Select((now, a, b, ranges, persistent) => (Action<Controller>)(bbr =>
            {
                bbr.OnPacketLost(new LostPacket { Now = new Instant(now), Bytes = (int)Math.Clamp(a, 0, 65_535), TransmitInFlight = b, SampleLostBytes = a });
                bbr.OnLost(new LostBatch
                {
                    Now = new Instant(now),
                    LostBytes = a,
                    LostRanges = ranges,
                    LargestLostSentAt = new Instant(now / 2),
                    BytesInFlight = b,
                    Delivered = a,
                    PersistentCongestion = persistent,
                });
            })),
            Gen.Select(Gen.Long, Gen.ULong).Select((now, count) => (Action<Controller>)(
                bbr => bbr.OnCongestionExperienced(new Instant(now), new Instant(now), count))),
            Gen.Select(Gen.Long, Gen.Long, s_bytes).Select((now, at, bytes) => (Action<Controller>)(
                bbr => bbr.OnSpuriousLoss(new Instant(now), new Instant(at), bytes))),
            Gen.Int[1, 70_000].Select(length => (Action<Controller>)(bbr => bbr.OnFrameLengthChanged(length))));
        call.Array[1, 80].Sample(calls =>
        {
            Controller bbr = new();
            bbr.Reset(CongestionParameters.ForPath(Instant.Zero, 1500));
            foreach (Action<Controller> act in calls)
            {
                act(bbr);
                Assert.That(bbr.CongestionWindow, Is.InRange(2L * bbr.State.FrameLength, BbrConstants.WindowLimit + bbr.State.FrameLength));
                Assert.That(bbr.CongestionWindow % bbr.State.FrameLength, Is.Zero);
                Assert.That(bbr.PacingRate, Is.InRange(1, BbrConstants.RateLimit));
                Assert.That(bbr.DeliveryRate, Is.InRange(0, BbrConstants.RateLimit));
                Assert.That(bbr.QueueingDelayNs, Is.GreaterThanOrEqualTo(0));
            }
        });
    }

    [Test]
    public void Calls_OverALongRun_AllocateNothing()
    {
        Controller bbr = new();
        Drive(bbr);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Drive(bbr);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Run_SameSeed_IsTheSameAndAnotherDiffers()
    {
        long first = Trace(seed: 5);
        Assert.That(Trace(seed: 5), Is.EqualTo(first));
        Assert.That(first, Is.Not.EqualTo(Trace(seed: 6)));
    }

    private static long Trace(ulong seed)
    {
        Bottleneck link = new() { LossPerMillion = 5_000 };
        Flow flow = new(link, seed: seed);
        long sum = 0;
        flow.Acknowledged = () => sum = unchecked((sum * 31) + flow.Congestion.CongestionWindow + (flow.Congestion.PacingRate * 7));
        flow.Start();
        link.RunFor(8 * Instant.Second);
        return sum;
    }

    /// <summary>Eleven seconds of a path of ten packets a millisecond, with losses, marks and silences: every phase is visited.</summary>
    private static void Drive(Controller bbr)
    {
        const int FrameLength = 1500;
        bbr.Reset(CongestionParameters.ForPath(Instant.Zero, FrameLength));
        long delivered = 0;
        for (int i = 1; i <= 11_000; i++)
        {
            Instant now = new(i * Instant.Millisecond);
            Instant sentAt = now + (-20 * Instant.Millisecond);
            bool isProbing = bbr.State.Phase == BbrPhase.ProbeBandwidthUp;
            long inFlight = (isProbing ? 220 : 190) * FrameLength;
            for (int j = 0; j < 10; j++)
            {
                bbr.OnPacketsSent(now, FrameLength, i % 2000 == 0 ? FrameLength : inFlight, (ulong)i, i % 2000 == 0);
            }

            if (i % 97 == 0)
            {
                bbr.OnPacketLost(new LostPacket
                {
                    Now = now,
                    SentAt = sentAt,
                    Bytes = FrameLength,
                    TransmitInFlight = inFlight,
                    SampleLostBytes = 8 * FrameLength,
                });
                bbr.OnLost(new LostBatch
                {
                    Now = now,
                    LostBytes = FrameLength,
                    LostRanges = 1,
                    LargestLostSentAt = sentAt,
                    BytesInFlight = inFlight,
                    Delivered = delivered,
                    PersistentCongestion = i % 970 == 0,
                });
                bbr.OnSpuriousLoss(now, sentAt, i % 194 == 0 ? FrameLength : 1);
            }

            if (i % 501 == 0)
            {
                bbr.OnCongestionExperienced(now, sentAt, 2);
            }

            delivered += 10 * FrameLength;
            bbr.OnAcknowledged(new AcknowledgedBatch
            {
                Now = now,
                AcknowledgedBytes = 10 * FrameLength,
                LargestAcknowledgedSentAt = sentAt,
                BytesInFlight = inFlight,
                PriorBytesInFlight = inFlight,
                Delivered = delivered,
                PriorDelivered = Math.Max(0, delivered - (200 * FrameLength)),
                SampleDelivered = 200 * FrameLength,
                DeliveryRate = 15_000_000,
                TransmitInFlight = inFlight,
                RttSampleNs = 20 * Instant.Millisecond,
                LatestRttNs = 20 * Instant.Millisecond,
            });
            bbr.OnFrameLengthChanged(FrameLength);
        }
    }
}
