using NexStream.Core.Wire;
using NexStream.Simulator.Links;
using NexStream.Simulator.Scenarios;
using static NexStream.Tests.Simulator.LinkHarness;

namespace NexStream.Tests.Simulator;

/// <summary>What a link's queue takes, drops and marks.</summary>
[TestFixture]
internal sealed class LinkQueueTests
{
    [TestCase(0, 1)]
    [TestCase(0.999, 1)]
    [TestCase(1, 2)]
    [TestCase(5.5, 6)]
    [TestCase(20, 10)]
    public void DropTail_BurstOfTen_DropsExactlyWhatDoesNotFit(double queueKb, int arrive)
    {
        // The first goes onto the wire at once, and does not wait.
        LinkHarness link = new LinkHarness(new DirectionSpec { QueueKb = queueKb }).Send(0, count: 10).Run();

        Assert.That(link.Numbers, Is.EqualTo(Enumerable.Range(0, arrive)));
        Assert.That(link.With(FrameFate.QueueDropped), Is.EqualTo(Enumerable.Range(arrive, 10 - arrive)));
        Assert.That(link.Link.Counters.Dropped, Is.EqualTo(10 - arrive));
    }

    [Test]
    public void DropTail_ShortFrameAfterAnotherThatDidNotFit_StillFits()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { QueueKb = 1.5 }).Send(0, count: 3).Send(0, size: 500).Run();

        Assert.That(link.Numbers, Is.EqualTo(new[] { 0, 1, 3 }));
    }

    [Test]
    public void Queue_NotGiven_HoldsWhatIsUnderWayThereAndBackAndAtLeastEightFrames()
    {
        Assert.That(LinkSettings.Create(new LinkSpec { RateMbps = 100, DelayMs = 25 }, Mtu).QueueBytes, Is.EqualTo(625_000));
        Assert.That(LinkSettings.Create(new LinkSpec { RateMbps = 1, DelayMs = 1 }, Mtu).QueueBytes, Is.EqualTo(8 * Mtu));
    }

    [Test]
    public void Queue_ThatIsDrained_MetersHowLongEachFrameWaited()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { QueueKb = 200 }).Send(0, count: 100).Run();

        Assert.That(link.Meter.Percentile99Ms(0), Is.EqualTo(98).Within(0.1), "the last waits for 99 others, the one before for 98");
        Assert.That(new QueueMeter(1).Percentile99Ms(0), Is.Zero);
    }

    [Test]
    public void Queue_ThatAStepMakesShorter_KeepsWhatItHasAndTakesNoMore()
    {
        var spec = new DirectionSpec { QueueKb = 10, Steps = [new StepSpec { AtS = 0.0025, QueueKb = 2 }] };
        LinkHarness link = new LinkHarness(spec).Send(0, count: 8).Send(3.5).Send(6.5).Run();

        Assert.That(link.With(FrameFate.QueueDropped), Is.EqualTo(new[] { 8 }), "four are waiting at 3.5 ms, one at 6.5 ms");
        Assert.That(link.Numbers, Is.EqualTo(Enumerable.Range(0, 8).Append(9)));
    }

    [Test]
    public void EcnMark_FramesThatFindMoreThanTheThreshold_AreMarkedIfTheyUnderstand(
        [Values] EcnCodepoint ecn)
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { QueueKb = 100, EcnMarkKb = 3 }).Send(0, count: 10, ecn: ecn).Run();

        // Frame 0 is on the wire, so frame n finds n - 1 waiting: from the fifth on that is more than three.
        bool isCapable = ecn is EcnCodepoint.Ect0 or EcnCodepoint.Ect1;
        EcnCodepoint[] expected = [.. Enumerable.Range(0, 10).Select(n => isCapable && n >= 5 ? EcnCodepoint.CongestionExperienced : ecn)];
        Assert.That(link.Arrivals.Select(a => a.Ecn), Is.EqualTo(expected));
        Assert.That(link.Link.Counters.Marked, Is.EqualTo(isCapable ? 5 : 0));
        Assert.That(link.Link.Counters.Dropped, Is.Zero);
    }

    [Test]
    public void EcnMark_NotGiven_MarksNothing()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { QueueKb = 100 }).Send(0, count: 50, ecn: EcnCodepoint.Ect0).Run();

        Assert.That(link.Arrivals.Select(a => a.Ecn), Is.All.EqualTo(EcnCodepoint.Ect0));
    }

    [Test]
    public void Red_ShortQueue_NeverSignals()
    {
        // Two frames in the queue of sixty are under a sixth of it, for however long.
        LinkHarness link = new LinkHarness(new DirectionSpec { Queue = "red", QueueKb = 60 }).Send(0, count: 3).SendEvery(1, 1, 2000).Run();

        Assert.That(link.Link.Counters.Dropped, Is.Zero);
    }

    [Test]
    public void Red_QueueThatStaysLong_DropsBeforeItIsFull()
    {
        // A third of the queue, for two seconds: the chance is half of a tenth.
        LinkHarness link = new LinkHarness(new DirectionSpec { Queue = "red", QueueKb = 60 }).Send(0, count: 21).SendEvery(1, 1, 2000).Run();

        Assert.That(link.Link.Counters.Dropped, Is.GreaterThan(5));
    }

    [TestCase("red")]
    [TestCase("codel")]
    public void ActiveQueue_WhereTheLinkMarks_MarksWhatUnderstandsAndDropsTheRest(string queue)
    {
        // Twice the rate for a second: a long queue for both disciplines.
        DirectionSpec spec = new() { Queue = queue, QueueKb = 2000, EcnMarkKb = 0 };
        LinkHarness capable = new LinkHarness(spec).SendEvery(0.5, 0, 1000, EcnCodepoint.Ect0).Run();
        LinkHarness incapable = new LinkHarness(spec).SendEvery(0.5, 0, 1000).Run();
        LinkHarness unmarking = new LinkHarness(spec with { EcnMarkKb = null }).SendEvery(0.5, 0, 1000, EcnCodepoint.Ect0).Run();

        Assert.That(capable.Link.Counters, Has.Property("Marked").GreaterThan(5).And.Property("Dropped").Zero);
        Assert.That(capable.Arrivals.Count(a => a.Ecn == EcnCodepoint.CongestionExperienced), Is.EqualTo(capable.Link.Counters.Marked));
        Assert.That(incapable.Link.Counters, Has.Property("Marked").Zero.And.Property("Dropped").GreaterThan(5));
        Assert.That(unmarking.Link.Counters, Has.Property("Marked").Zero.And.Property("Dropped").GreaterThan(5));
    }

    [TestCase("red")]
    [TestCase("codel")]
    public void ActiveQueue_BurstBeyondItsRoom_DropsWhatDoesNotFit(string queue)
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { Queue = queue, QueueKb = 20 }).Send(0, count: 50).Run();

        Assert.That(link.Arrivals, Has.Count.EqualTo(21));
    }

    [Test]
    public void CoDel_QueueThatDrainsWithinAnInterval_IsLeftAlone()
    {
        // 90 frames wait for up to 90 ms: longer than the target, for shorter than the interval.
        LinkHarness link = new LinkHarness(new DirectionSpec { Queue = "codel", QueueKb = 200 }).Send(0, count: 90).Run();

        Assert.That(link.Link.Counters.Dropped, Is.Zero);
    }

    [Test]
    public void CoDel_QueueThatStands_IsDroppedFromAtItsHead()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { Queue = "codel", QueueKb = 400 }).Send(0, count: 300).Run();

        // Frame 5 is the first to wait for 5 ms, at 5 ms; frames that leave 100 ms later and more are dropped, the first of them alone.
        Assert.That(link.With(FrameFate.QueueDropped).Take(2), Is.EqualTo(new[] { 105, 206 }));
    }
}
