using NexStream.Core.Primitives;
using NexStream.Core.Recovery;

namespace NexStream.Tests.Recovery;

/// <summary>What is learned from packets that were late (RFC 8985 §6.2 within RFC 9002 §6.1).</summary>
[TestFixture]
public sealed class ReorderingWindowTests
{
    private const long RttNs = 100 * Instant.Millisecond;

    [Test]
    public void LossDelay_NothingLate_IsThatOfTheRfc()
    {
        ReorderingWindow window = default;
        Assert.That(window.LossDelayNs(Rtt()), Is.EqualTo(RttNs * 9 / 8));
        Assert.That(window.IsBeyondThreshold(7, 10), Is.True, "kPacketThreshold is 3 (RFC 9002 §6.1.1)");
        Assert.That(window.IsBeyondThreshold(8, 10), Is.False);
    }

    [Test]
    public void OnSpuriousLoss_Late_WaitsLongerAndCountsPacketsNoMore()
    {
        ReorderingWindow window = default;
        window.OnSpuriousLoss(RttNs * 3 / 2, Rtt());

        Assert.That(window.LossDelayNs(Rtt()), Is.EqualTo((RttNs * 3 / 2) + (RttNs / 4)), "as late as it came and a quarter of a round trip");
        Assert.That(window.IsBeyondThreshold(0, 1000), Is.False);
    }

    [Test]
    public void OnSpuriousLoss_VeryLate_WaitsAtMostOneRoundTripMore()
    {
        ReorderingWindow window = default;
        window.OnSpuriousLoss(50 * RttNs, Rtt());

        Assert.That(window.LossDelayNs(Rtt()), Is.EqualTo((RttNs * 9 / 8) + RttNs));
    }

    [Test]
    public void OnLost_SixteenEpisodesWithoutLatePackets_ForgetsThem()
    {
        ReorderingWindow window = default;
        window.OnSpuriousLoss(RttNs * 3 / 2, Rtt());
        Instant now = new(Instant.Second);
        for (int episode = 0; episode < 16; episode++)
        {
            Assert.That(window.IsReordering, Is.True, $"episode {episode}");
            window.OnLost(now, now + 1);
            window.OnLost(now, now + 1);
            now += RttNs;
        }

        Assert.That(window.IsReordering, Is.False);
        Assert.That(window.LossDelayNs(Rtt()), Is.EqualTo(RttNs * 9 / 8));
    }

    private static RttEstimator Rtt()
    {
        RttEstimator rtt = default;
        rtt.Update(RttNs, 0);
        return rtt;
    }
}
