using CsCheck;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

[TestFixture]
public sealed class PacerTests
{
    private const int FrameLength = 1200;

    [TestCase(0)]
    [TestCase(-1)]
    public void NextSendTime_NotPaced_IsAlwaysNow(long rate)
    {
        Pacer pacer = Create();
        for (int i = 0; i < 1000; i++)
        {
            Assert.That(pacer.NextSendTime(new Instant(5), rate), Is.EqualTo(new Instant(5)));
            pacer.OnSent(new Instant(5), FrameLength, rate, 0);
        }
    }

    // What left unpaced before the first RTT sample was the initial burst: pacing does not grant another one.
    [Test]
    public void NextSendTime_PacingBegins_GrantsNoSecondBurst()
    {
        Pacer pacer = Create();
        pacer.OnSent(Instant.Zero, FrameLength, 0, 0);

        Assert.That(Burst(ref pacer, Instant.Zero, 1_200_000, 0), Is.EqualTo(1));
    }

    // Rates that send a packet each 10 ms, 4 ms, 1 ms, 10 µs. Three packets; bounded by 20 ms, but not below two packets.
    [TestCase(120_000, 0, 3)]
    [TestCase(300_000, 0, 3)]
    [TestCase(1_200_000, 0, 3)]
    [TestCase(120_000_000, 0, 3)]
    [TestCase(120_000_000, Instant.Millisecond, 126, Description = "1.25 polls of 100 packets, and the packet that uses up the credit")]
    [TestCase(120_000_000, 16 * Instant.Millisecond, 2001, Description = "20 ms: the quarter more is capped")]
    [TestCase(120_000_000, Instant.Second, 2001)]
    [TestCase(120_000_000, -Instant.Second, 3)]
    [TestCase(12_000, 0, 2)]
    public void Burst_AfterIdleness_IsBounded(long rate, long pollIntervalNs, int packets)
    {
        Pacer pacer = Create();
        Assert.That(Burst(ref pacer, Instant.Zero, rate, pollIntervalNs), Is.EqualTo(packets), "at the start");

        // Attack 29: the clock jumps, the credit does not grow with it.
        Instant later = new(30_000 * Instant.Second);
        Assert.That(Burst(ref pacer, later, rate, pollIntervalNs), Is.EqualTo(packets), "after 30,000 s");
        Assert.That(Burst(ref pacer, later, rate, pollIntervalNs), Is.Zero, "the clock stands still");
    }

    // As many packets may leave together as may one by one, and what they cost together is what they cost one by one.
    [Test]
    public void MayLeaveTogether_AnyBurst_IsWhatItsPacketsAreAllowedOneByOne()
    {
        Gen<long> rates = Gen.OneOf(Gen.Long[12_000, 1_000_000], Gen.Long[1_000_000, 100_000_000], Gen.Const(FrameLength * 1_000_000L), Gen.Long[100_000_000, 2_000_000_000]);
        Gen.Select(rates, Gen.Long[0, Instant.Millisecond], Gen.Int[64, FrameLength], Gen.Long[0, 2 * Instant.Millisecond].Array[1, 20]).Sample(
            (rate, pollNs, bytes, pauses) =>
            {
                Pacer together = Create();
                Pacer single = Create();
                Instant now = Instant.Zero;
                foreach (long pause in pauses)
                {
                    now += pause;
                    int allowed = 0;
                    for (; single.NextSendTime(now, rate) <= now; allowed++)
                    {
                        single.OnSent(now, bytes, rate, pollNs);
                    }

                    Assert.That(together.MayLeaveTogether(now, allowed + 1, bytes, rate, pollNs), Is.False);
                    if (allowed > 0)
                    {
                        Assert.That(together.MayLeaveTogether(now, allowed, bytes, rate, pollNs), Is.True);
                        together.OnSent(now, allowed * bytes, rate, pollNs);
                    }

                    Assert.That(together.NextSendTime(Instant.Zero, rate), Is.EqualTo(single.NextSendTime(Instant.Zero, rate)));
                }
            });
    }

    // The credit of two frames ends where the last packet begins; a nanosecond before; and by what is left over of a nanosecond before that.
    [TestCase(1_000_000_000, 0, 300, 9)]
    [TestCase(1_000_000_000, 0, 343, 7)]
    [TestCase(3_000_000_000, 100, 329, 7)]
    public void MayLeaveTogether_CreditThatEndsWithAPacket_IsExact(long rate, int before, int bytes, int packets)
    {
        Pacer pacer = Create();
        pacer.OnSent(Instant.Zero, before, rate, 0);
        Assert.That(pacer.MayLeaveTogether(Instant.Zero, packets, bytes, rate, 0), Is.True);
        Assert.That(pacer.MayLeaveTogether(Instant.Zero, packets + 1, bytes, rate, 0), Is.False);
        for (int i = 0; i < packets; i++)
        {
            Assert.That(pacer.NextSendTime(Instant.Zero, rate), Is.EqualTo(Instant.Zero));
            pacer.OnSent(Instant.Zero, bytes, rate, 0);
        }

        Assert.That(pacer.NextSendTime(Instant.Zero, rate), Is.GreaterThan(Instant.Zero));
    }

    [Test]
    public void MayLeaveTogether_NotPaced_IsAlwaysSo() =>
        Assert.That(Create().MayLeaveTogether(Instant.Zero, int.MaxValue, FrameLength, 0, 0), Is.True);

    // Within 0.1 % over 10 s, whatever fraction of a nanosecond a packet takes.
    [TestCase(120_000)]
    [TestCase(1_000_003)]
    [TestCase(333_333_333)]
    [TestCase(7_777_777_777)]
    public void Rate_SendingWhenTold_IsExact(long rate)
    {
        Pacer pacer = Create();
        long packets = Math.Min(100_000, 10 * rate / FrameLength);
        Instant now = Instant.Zero;
        Burst(ref pacer, now, rate, 0);
        Instant start = pacer.NextSendTime(now, rate);
        for (long i = 0; i < packets; i++)
        {
            now = pacer.NextSendTime(now, rate);
            pacer.OnSent(now, FrameLength, rate, 0);
        }

        long expectedNs = (long)((Int128)packets * FrameLength * Instant.Second / rate);
        Assert.That(pacer.NextSendTime(now, rate) - start, Is.EqualTo(expectedNs).Within(1), "the fractions are carried: not even a nanosecond is lost");
    }

    // A game loop at 60 Hz must fill the link; the second loop is irregular by up to a seventh.
    [TestCase(1_250_000, 0)]
    [TestCase(125_000_000, 0)]
    [TestCase(1_250_000, 7)]
    [TestCase(125_000_000, 7)]
    public void Rate_PolledSixtyTimesASecond_IsReached(long rate, long irregularity)
    {
        const long TickNs = Instant.Second / 60;
        Pacer pacer = Create();
        PollInterval interval = default;
        Instant now = Instant.Zero;
        long bytes = 0;
        for (int tick = 0; tick < 600; tick++)
        {
            long deviationNs = irregularity == 0 ? 0 : TickNs / irregularity * (tick % 2 == 0 ? 1 : -1);
            now += TickNs + deviationNs;
            interval.OnPoll(now);
            long packets = Burst(ref pacer, now, rate, interval.Ns);
            bytes += tick < 60 ? 0 : packets * FrameLength;
        }

        Assert.That(bytes, Is.EqualTo(9.0 * rate).Within(0.1).Percent);
    }

    [Test]
    public void Rate_PolledByABusyLoop_HasNoBursts()
    {
        const long Rate = 120_000_000;
        Pacer pacer = Create();
        PollInterval interval = default;
        Instant now = Instant.Zero;
        for (int i = 0; i < 10_000; i++)
        {
            interval.OnPoll(now += 500);
            long packets = Burst(ref pacer, now, Rate, interval.Ns);
            Assert.That(packets, Is.LessThanOrEqualTo(i == 0 ? Pacer.BurstFrames : 1));
        }
    }

    // A rate that was very low for a moment does not block the path once it is high again.
    [Test]
    public void NextSendTime_RateRises_ScalesWhatIsOwed()
    {
        Pacer pacer = Create();
        pacer.OnSent(Instant.Zero, FrameLength, 0, 0);
        pacer.OnSent(Instant.Zero, FrameLength, 1, 0);
        Assert.That(pacer.NextSendTime(Instant.Zero, 1), Is.EqualTo(new Instant(1200 * Instant.Second)));

        Assert.That(pacer.NextSendTime(Instant.Zero, 1_200_000), Is.EqualTo(new Instant(Instant.Millisecond)));
        Assert.That(pacer.NextSendTime(Instant.Zero, 600_000), Is.EqualTo(new Instant(2 * Instant.Millisecond)), "and when it falls");
    }

    [Test]
    public void OnFrameLengthChanged_LongerPackets_MayBurstLonger()
    {
        const long Rate = 120_000_000;
        Pacer pacer = Create();
        Burst(ref pacer, Instant.Zero, Rate, 0);
        pacer.OnFrameLengthChanged(2 * FrameLength);

        Assert.That(Burst(ref pacer, new Instant(Instant.Second), Rate, 0), Is.EqualTo(5), "two long packets of credit are four short ones");
    }

    [Test]
    public void Calls_AnyValues_NeverAllowMoreThanBurstAndRate() =>
        Gen.Select(Gen.Long[1_000, 10_000_000_000], Gen.Select(Gen.Long[0, 50 * Instant.Millisecond], Gen.Int[1, FrameLength]).Array[1, 60]).Sample((rate, steps) =>
        {
            Pacer pacer = Create();
            Instant now = Instant.Zero;
            Int128 sent = 0;
            foreach ((long stepNs, int bytes) in steps)
            {
                now += stepNs;
                for (int i = 0; i < 50 && pacer.NextSendTime(now, rate) == now; i++)
                {
                    pacer.OnSent(now, bytes, rate, 0);
                    sent += bytes;
                }
            }

            // The credit at the start, ten packets or two, and what the rate sends since; the last packet may go beyond.
            return sent <= (11 * FrameLength) + 1 + ((Int128)rate * now.Nanoseconds / Instant.Second);
        });

    [TestCase(long.MaxValue, int.MaxValue)]
    [TestCase(1, int.MaxValue)]
    [TestCase(1, 0)]
    public void Calls_ExtremeValues_DoNotOverflow(long rate, int bytes)
    {
        Pacer pacer = default;
        pacer.Reset(int.MaxValue);
        foreach (Instant now in new[] { new Instant(long.MinValue), Instant.Zero, new Instant(30_000 * Instant.Second), Instant.Never, Instant.Zero })
        {
            for (int i = 0; i < 5; i++)
            {
                pacer.OnSent(now, bytes, rate, long.MaxValue);
                pacer.OnSent(now, bytes, long.MaxValue - rate, long.MinValue);
                Assert.That(pacer.NextSendTime(now, rate), Is.GreaterThanOrEqualTo(now));
            }
        }
    }

    private static Pacer Create()
    {
        Pacer pacer = default;
        pacer.Reset(FrameLength);
        return pacer;
    }

    /// <summary>Sends as long as the pacer lets it and returns how many packets left.</summary>
    private static long Burst(ref Pacer pacer, Instant now, long rate, long pollIntervalNs)
    {
        long packets = 0;
        while (packets < 100_000 && pacer.NextSendTime(now, rate) == now)
        {
            pacer.OnSent(now, FrameLength, rate, pollIntervalNs);
            packets++;
        }

        return packets;
    }
}
