using NexStream.Core.Congestion;
using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>Losses that were none (§5.5.11): the draft's test cases.</summary>
[TestFixture]
public sealed class BbrUndoTests
{
    // "Handling Spurious Fast Recovery".
    [Test]
    public void SpuriousLoss_EndedAProbe_TheProbeBeginsAgain()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthUp);
        path.RunRounds(1);
        ulong from = path.Flow.NextNumber;
        path.Link.Delay = (_, number) => number >= from && number < from + 60 ? 10 * Instant.Millisecond : 0;
        Assert.That(path.RunOut(BbrPhase.ProbeBandwidthUp), Is.EqualTo(BbrPhase.ProbeBandwidthDown));
        Assert.Multiple(() =>
        {
            Assert.That(path.State.WasProbeTooHigh, Is.True, "it was loss that ended the probe");
            Assert.That(path.State.LongTerm.IsKnown, Is.True);
            Assert.That(path.State.Episode.EndedPhase, Is.EqualTo(BbrPhase.ProbeBandwidthUp));
            Assert.That(path.State.Episode.LongTerm.IsKnown, Is.False, "what was saved");
        });
        path.RunTo(BbrPhase.ProbeBandwidthRefill);
        Assert.Multiple(() =>
        {
            Assert.That(path.State.LongTerm.IsKnown, Is.False);
            Assert.That(path.State.ShortTerm.Bandwidth, Is.EqualTo(BbrConstants.Unlimited));
            Assert.That(path.Link.Dropped, Is.Zero);
        });
    }

    [Test]
    public void SpuriousLoss_EndedStartup_StartupGoesOn()
    {
        Scenario path = new();
        path.Flow.LimitApplication(30 * 1500, 10 * Instant.Millisecond);
        path.Link.RunFor(500 * Instant.Millisecond);
        Losses losses = new(path);
        losses.Lose(packets: 20);
        path.State.Episode.EndedPhase = BbrPhase.Startup;
        path.State.FullPipe.OnFull();
        Drain.Enter(path.State);
        losses.Refute();
        Assert.That(path.Phase, Is.EqualTo(BbrPhase.Startup));
        Assert.That(path.State.FullPipe.IsReached, Is.False);
    }

    // "Handling Spurious RTO Recovery": here persistent congestion (RFC 9002 §7.6) is what a retransmission time-out is to TCP.
    [Test]
    public void SpuriousPersistentCongestion_Refuted_RestoresWindowAndModel()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.RunRounds(2);
        long window = path.State.Window;
        Losses losses = new(path);
        losses.Lose(packets: 100, isPersistent: true);
        Assert.That(path.State.Window, Is.LessThanOrEqualTo(path.Flow.BytesInFlight + 1500), "room for one more packet");
        Assert.That(path.State.Episode.ShortTerm.Bandwidth, Is.EqualTo(path.State.ShortTerm.Bandwidth));
        losses.Refute();
        Assert.That(path.State.Window, Is.EqualTo(window));
        Assert.That(path.Phase, Is.EqualTo(BbrPhase.ProbeBandwidthCruise));
    }

    [Test]
    public void SpuriousLoss_OnlyPartOfIt_ChangesNothing()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        Losses losses = new(path);
        losses.Lose(packets: 100, isPersistent: true);
        long window = path.State.Window;
        losses.Refute(packets: 99);
        Assert.That(path.State.Window, Is.EqualTo(window));
    }

    [Test]
    public void SpuriousLoss_AfterAMark_ChangesNothing()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        Losses losses = new(path);
        losses.Lose(packets: 100, isPersistent: true);
        long window = path.State.Window;
        path.Flow.Congestion.OnCongestionExperienced(path.Link.Now, path.Link.Now, 1);
        losses.Refute();
        Assert.That(path.State.Window, Is.EqualTo(window), "the network itself said that it was congested");
    }

    [Test]
    public void Recovery_Over_RestoresTheWindow()
    {
        Scenario path = new();
        path.RunTo(BbrPhase.ProbeBandwidthCruise);
        path.RunRounds(2);
        long window = path.State.Window;
        new Losses(path).Lose(packets: 1, isPersistent: true);
        Assert.That(path.State.Window, Is.LessThan(window));
        path.RunTo(() => !path.State.Episode.IsActive, "the end of recovery");
        Assert.That(path.State.Window, Is.EqualTo(window).Within(10).Percent);
    }

    /// <summary>Calls the controller with losses that the bottleneck did not make.</summary>
    private sealed class Losses(Scenario path)
    {
        private Instant _sentAt;
        private int _packets;

        public void Lose(int packets, bool isPersistent = false)
        {
            _sentAt = path.Link.Now;
            _packets = packets;
            path.Flow.Congestion.OnLost(new LostBatch
            {
                Now = path.Link.Now,
                LostBytes = packets * 1500,
                LostPackets = packets,
                LostRanges = packets,
                LargestLostSentAt = _sentAt,
                BytesInFlight = path.Flow.BytesInFlight,
                Delivered = path.Flow.Delivered,
                PersistentCongestion = isPersistent,
            });
        }

        public void Refute(int? packets = null) => path.Flow.Congestion.OnSpuriousLoss(path.Link.Now, _sentAt, (packets ?? _packets) * 1500);
    }
}
