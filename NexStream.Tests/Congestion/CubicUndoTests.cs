using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>Packets that were declared lost and arrive after all (RFC 9438 §4.9.2).</summary>
[TestFixture]
public sealed class CubicUndoTests
{
    private const int FrameLength = CubicHarness.FrameLength;
    private const long RttNs = CubicHarness.RttNs;

    [Test]
    public void SpuriousLoss_AllThatWasLost_RestoresTheWindow()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 3 * FrameLength);

        Assert.That(path.Window, Is.EqualTo(100 * FrameLength));
        Assert.That(path.Cubic.SlowStartThreshold, Is.EqualTo(long.MaxValue));
        Assert.That(path.Cubic.PacingRate, Is.EqualTo(2 * 100 * FrameLength * 10));
    }

    [Test]
    public void SpuriousLoss_PartOfWhatWasLost_ChangesNothing()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 2 * FrameLength);
        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));

        path.Cubic.OnSpuriousLoss(path.Now, sentAt, FrameLength);
        Assert.That(path.Window, Is.EqualTo(100 * FrameLength));
    }

    [Test]
    public void SpuriousLoss_MoreWasLostInTheSameEvent_WaitsForThatToo()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Lose(FrameLength, sentAt);
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 3 * FrameLength);

        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));
    }

    [Test]
    public void SpuriousLoss_NetworkAlsoMarked_ChangesNothing()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Cubic.OnCongestionExperienced(path.Now, sentAt, 1);
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 3 * FrameLength);

        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));
    }

    [Test]
    public void SpuriousLoss_AfterPersistentCongestion_ChangesNothing()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Lose(FrameLength, path.Now, isPersistent: true);
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 100 * FrameLength);

        Assert.That(path.Window, Is.EqualTo(2 * FrameLength));
    }

    [Test]
    public void SpuriousLoss_OfAnotherEvent_ChangesNothing()
    {
        CubicHarness path = Reduced(out Instant first);
        Instant between = path.Now;
        path.Advance(2 * RttNs);
        path.Lose(FrameLength, path.Now);
        path.Cubic.OnSpuriousLoss(path.Now, first, FrameLength);
        path.Cubic.OnSpuriousLoss(path.Now, between, FrameLength);
        path.Cubic.OnSpuriousLoss(path.Now, path.Now + 1, FrameLength);

        Assert.That(path.Window, Is.EqualTo(49 * FrameLength), "it belongs to the event before, or to none");
    }

    [Test]
    public void SpuriousLoss_WindowHasGrownBeyond_IsKept()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Advance(RttNs + 1);
        for (int i = 0; i < 100; i++)
        {
            path.Round();
        }

        long grown = path.Window;
        Assert.That(grown, Is.GreaterThan(100 * FrameLength));
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 3 * FrameLength);

        Assert.That(path.Window, Is.EqualTo(grown));
    }

    [Test]
    public void SpuriousLoss_Twice_RestoresOnlyOnce()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 3 * FrameLength);
        path.Lose(FrameLength, path.Now);
        path.Cubic.OnSpuriousLoss(path.Now, path.Now + 1, 3 * FrameLength);

        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));
    }

    // After the undo no recovery period is left that would hide real loss among the same packets.
    [Test]
    public void SpuriousLoss_ThenRealLossOfTheSameFlight_ReducesAgain()
    {
        CubicHarness path = Reduced(out Instant sentAt);
        path.Cubic.OnSpuriousLoss(path.Now, sentAt, 3 * FrameLength);
        path.Lose(FrameLength, sentAt + 1);

        Assert.That(path.Window, Is.EqualTo(70 * FrameLength));
    }

    /// <summary>Three packets were declared lost, and the window was reduced from 100 packets to 70.</summary>
    private static CubicHarness Reduced(out Instant sentAt)
    {
        CubicHarness path = new(100 * FrameLength);
        sentAt = path.Now;
        path.Advance(RttNs);
        path.Acknowledge(0);
        path.Lose(3 * FrameLength, sentAt);
        return path;
    }
}
