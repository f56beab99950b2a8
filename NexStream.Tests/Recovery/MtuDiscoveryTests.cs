using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;

namespace NexStream.Tests.Recovery;

/// <summary>The search for the longest frame, and the way back from a black hole (RFC 8899).</summary>
[TestFixture]
public sealed class MtuDiscoveryTests
{
    private const int Base = 1200;
    private static readonly Instant s_now = new(Instant.Second);

    [Test]
    public void Search_AnyPath_EndsJustBelowWhatItCarries() => Gen.Select(Gen.Int[Base, 20_000], Gen.Int[Base, 20_000]).Sample((limit, carried) =>
    {
        MtuDiscovery mtu = Create(Base, limit);
        int probes = Search(ref mtu, carried, s_now);
        int best = Math.Min(carried, limit);
        return mtu.FrameLength <= best && best - mtu.FrameLength < 32 && probes <= 60;
    });

    [Test]
    public void Search_LimitIsCarried_NeedsOneProbe()
    {
        MtuDiscovery mtu = Create(Base, 9000);
        Assert.That(Search(ref mtu, 9000, s_now), Is.EqualTo(1));
        Assert.That(mtu.FrameLength, Is.EqualTo(9000));
    }

    // MAX_PROBES is 3 (RFC 8899 §5.1.2): one probe lost by chance decides nothing.
    [Test]
    public void OnProbeLost_TwiceByChance_TriesTheSameLengthAgain()
    {
        MtuDiscovery mtu = Create(Base, 9000);
        for (int i = 0; i < 2; i++)
        {
            mtu.OnProbeSent();
            Assert.That(mtu.ProbeDue(s_now), Is.Zero, "one probe at a time");
            mtu.OnProbeLost(9000, s_now);
            Assert.That(mtu.ProbeDue(s_now), Is.EqualTo(9000));
        }

        mtu.OnProbeSent();
        mtu.OnProbeLost(9000, s_now);
        Assert.That(mtu.ProbeDue(s_now), Is.InRange(Base + 1, 8999));
    }

    // PMTU_RAISE_TIMER is 600 s (RFC 8899 §5.1.1).
    [Test]
    public void Search_Ended_LooksAgainAfterTenMinutes()
    {
        MtuDiscovery mtu = Create(Base, 9000);
        Search(ref mtu, 4000, s_now);
        Assert.That(mtu.ProbeDue(s_now + (599 * Instant.Second)), Is.Zero);
        Assert.That(mtu.ProbeDue(s_now + (600 * Instant.Second)), Is.EqualTo(9000));
    }

    [Test]
    public void Known_IsTheLimit_NothingIsProbed() => Assert.That(Create(1500, 1500).ProbeDue(s_now), Is.Zero);

    [Test]
    public void OnProbeTimeout_SecondWithLongPackets_FallsBackAndTriesWhatItHadFirst()
    {
        MtuDiscovery mtu = Create(1500, 1500);
        Assert.That(mtu.OnProbeTimeout(1, 1500, s_now), Is.False);
        Assert.That(mtu.OnProbeTimeout(2, Base, s_now), Is.False, "short packets do not arrive either: it is no black hole");
        Assert.That(mtu.OnProbeTimeout(2, 1500, s_now), Is.True);
        Assert.That(mtu.FrameLength, Is.EqualTo(Base));
        Assert.That(mtu.ProbeDue(s_now), Is.EqualTo(1500));
        Assert.That(mtu.OnProbeTimeout(3, 1500, s_now), Is.False, "there is nothing shorter");
    }

    [Test]
    public void OnLost_LongPacketsAloneThreeTimes_FallsBack()
    {
        MtuDiscovery mtu = Create(1500, 1500);
        Assert.That(mtu.OnLost(1500, At(1), At(10)), Is.False);
        Assert.That(mtu.OnLost(1500, At(11), At(20)), Is.False);
        mtu.OnAcknowledged(Base, At(12));
        Assert.That(mtu.OnLost(1500, At(21), At(30)), Is.True, "short packets that arrive prove nothing for long ones");
        Assert.That(mtu.FrameLength, Is.EqualTo(Base));
    }

    // A queue that overflows: what was lost had left before something that arrived, or before the loss was noticed.
    [Test]
    public void OnLost_ManyBatchesOfOneOverflow_IsCongestion()
    {
        MtuDiscovery mtu = Create(1500, 1500);
        mtu.OnAcknowledged(1500, At(50));
        for (int i = 0; i < 40; i++)
        {
            Assert.That(mtu.OnLost(1500, At(i), At(100 + i)), Is.False, "later ones arrived");
        }

        for (int i = 0; i < 40; i++)
        {
            Assert.That(mtu.OnLost(1500, At(51 + i), At(140 + i)), Is.False, "one spell of loss");
        }
    }

    [Test]
    public void OnLost_LongPacketsArriveBetween_IsCongestion()
    {
        MtuDiscovery mtu = Create(1500, 1500);
        for (int i = 0; i < 10; i++)
        {
            Assert.That(mtu.OnLost(1500, At((30 * i) + 1), At((30 * i) + 10)), Is.False);
            Assert.That(mtu.OnLost(1500, At((30 * i) + 11), At((30 * i) + 20)), Is.False);
            mtu.OnAcknowledged(1500, At((30 * i) + 12));
        }
    }

    private static Instant At(long ms) => s_now + (ms * Instant.Millisecond);

    private static MtuDiscovery Create(int known, int limit)
    {
        MtuDiscovery mtu = default;
        mtu.Reset(known, limit, Base);
        return mtu;
    }

    private static int Search(ref MtuDiscovery mtu, int carried, Instant now)
    {
        int probes = 0;
        while (mtu.ProbeDue(now) is > 0 and int length)
        {
            probes++;
            mtu.OnProbeSent();
            if (length <= carried)
            {
                mtu.OnProbeAcknowledged(length, now);
            }
            else
            {
                mtu.OnProbeLost(length, now);
            }
        }

        return probes;
    }
}
