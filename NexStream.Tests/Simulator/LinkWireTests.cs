using NexStream.Core.Wire;
using NexStream.Simulator.Links;
using NexStream.Simulator.Scenarios;
using static NexStream.Tests.Simulator.LinkHarness;

namespace NexStream.Tests.Simulator;

/// <summary>What a link does to frames behind its queue: each model by itself.</summary>
[TestFixture]
internal sealed class LinkWireTests
{
    private static readonly StepSpec[] s_slowAfterTwo = [new StepSpec { AtS = 0.0025, RateMbps = RateMbps / 2 }];

    [Test]
    public void Rate_FramesInARow_TakeTheirSizeAtTheRateEach()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { QueueKb = 100 }).Send(5, count: 20).Run();

        Assert.That(link.Arrivals.Select(a => a.At), Is.EqualTo(Enumerable.Range(1, 20).Select(i => (5 + i) * Millisecond)));
        Assert.That(link.Link.Counters, Has.Property(nameof(LinkCounters.Frames)).EqualTo(20).And.Property(nameof(LinkCounters.Bytes)).EqualTo(20 * Size));
    }

    [Test]
    public void Rate_FrameWithItsHeader_TakesTheTimeOfBoth()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec()).Send(0, size: LinkHeader.Size).Run();

        Assert.That(link.Arrivals[0].At, Is.EqualTo(LinkHeader.Size * Millisecond / Size));
    }

    [Test]
    public void Delay_FramesInARow_AllArriveSoMuchLater()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { DelayMs = 12.5, QueueKb = 100 }).Send(0, count: 3).Run();

        Assert.That(link.Arrivals.Select(a => a.At), Is.EqualTo(new[] { 13.5, 14.5, 15.5 }.Select(ms => (long)(ms * Millisecond))));
    }

    [Test]
    public void Jitter_ManyFrames_SpreadsThemOverItsWidthAndKeepsTheirOrder()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { DelayMs = 5, JitterMs = 20 }).SendEvery(7, 0, 7000).Run();

        long[] delays = [.. link.Arrivals.Select((a, i) => a.At - ((1 + (7 * i)) * Millisecond))];
        Assert.That(link.Numbers, Is.EqualTo(Enumerable.Range(0, 1000)));
        Assert.That(delays, Is.All.InRange(5 * Millisecond, 25 * Millisecond));
        Assert.That(delays.Min(), Is.LessThan(8 * Millisecond));
        Assert.That(delays.Max(), Is.GreaterThan(24 * Millisecond));
    }

    [Test]
    public void Jitter_OfEachSeed_NeverReorders(
        [Range(1ul, 10ul)] ulong seed)
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { JitterMs = 50, QueueKb = 1000 }, seed).Send(0, count: 500).Run();

        Assert.That(link.Numbers, Is.EqualTo(Enumerable.Range(0, 500)));
    }

    [Test]
    public void Reorder_AShareOfFrames_IsHeldBackAndOvertaken()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { Reorder = 0.1, ReorderDelayMs = 5, QueueKb = 5000 }).Send(0, count: 5000).Run();

        Assert.That(link.Numbers, Is.EquivalentTo(Enumerable.Range(0, 5000)));
        long[] late = [.. link.Arrivals.Select(a => a.At - ((a.Number + 1) * Millisecond)).Where(late => late > 0)];
        Assert.That(late, Has.Length.InRange(420, 580), "one in ten: 500 ± 3.8 standard deviations");
        Assert.That(late.Max(), Is.InRange(4 * Millisecond, 5 * Millisecond));
        Assert.That(link.Numbers, Is.Not.Ordered);
    }

    [Test]
    public void Reorder_FramesHeldBackByJitter_OvertakeNothingThatWasBeforeThem()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { Reorder = 1, ReorderDelayMs = 0, JitterMs = 50, QueueKb = 1000 }).Send(0, count: 500).Run();

        // All are held back, by nothing: so none may come before one that was sent and jittered before it.
        Assert.That(link.Numbers, Is.Ordered);
    }

    [Test]
    public void Reorder_DelayThatFalls_BringsNoFrameBeforeThoseThatAreUnderWay()
    {
        var spec = new DirectionSpec { DelayMs = 100, ReorderDelayMs = 1, Steps = [new StepSpec { AtS = 0.0105, DelayMs = 0, Reorder = 1 }] };
        LinkHarness link = new LinkHarness(spec with { QueueKb = 100 }).Send(0, count: 10).Send(11, count: 1).Run();

        Assert.That(link.Numbers, Is.EqualTo(Enumerable.Range(0, 11)));
    }

    [Test]
    public void Duplicate_AShareOfFrames_ArrivesTwiceAndTheRestOnce()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { Duplicate = 0.2, QueueKb = 5000 }).Send(0, count: 5000).Run();

        int[] counts = new int[5000];
        foreach (int number in link.Numbers)
        {
            counts[number]++;
        }

        Assert.That(counts, Is.All.InRange(1, 2));
        Assert.That(counts.Count(c => c == 2), Is.InRange(890, 1110), "one in five: 1000 ± 3.9 standard deviations");
    }

    [Test]
    public void Corrupt_AShareOfFrames_IsCountedAndDoesNotArrive()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { Corrupt = 0.1, QueueKb = 5000 }).Send(0, count: 5000).Run();

        Assert.That(link.Link.Counters.Corrupted, Is.InRange(420, 580));
        Assert.That(link.With(FrameFate.Corrupted), Has.Count.EqualTo(link.Link.Counters.Corrupted));
        Assert.That(link.Numbers, Is.EqualTo(Enumerable.Range(0, 5000).Except(link.With(FrameFate.Corrupted))));
        Assert.That(link.Link.Counters.Lost, Is.Zero);
    }

    [Test]
    public void Loss_AShareOfFrames_TakesTheWireAndDoesNotArrive()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { Loss = 0.1, QueueKb = 5000 }).Send(0, count: 5000).Run();

        Assert.That(link.Link.Counters.Lost, Is.InRange(420, 580));
        Assert.That(link.Numbers, Is.EqualTo(Enumerable.Range(0, 5000).Except(link.With(FrameFate.Lost))));
        Assert.That(link.Arrivals, Is.All.Matches<(int Number, long At, EcnCodepoint)>(a => a.At == (a.Number + 1) * Millisecond));
        Assert.That(link.Link.Counters.Frames, Is.EqualTo(5000));
    }

    [TestCase(Mtu, true)]
    [TestCase(Mtu + 1, false)]
    public void Mtu_FrameOfASize_GetsThroughOnlyIfItIsNoLonger(int size, bool arrives)
    {
        LinkHarness link = new LinkHarness(new DirectionSpec()).Send(0, size: size).Run();

        Assert.That(link.Arrivals, Has.Count.EqualTo(arrives ? 1 : 0));
        Assert.That(link.Link.Counters.TooLong, Is.EqualTo(arrives ? 0 : 1));
        Assert.That(link.With(FrameFate.TooLong), Has.Count.EqualTo(arrives ? 0 : 1));
    }

    [Test]
    public void Mtu_OfAStep_HoldsForWhatComesLater()
    {
        var spec = new DirectionSpec { Steps = [new StepSpec { AtS = 0.01, Mtu = 900 }] };
        LinkHarness link = new LinkHarness(spec).Send(9).Send(10).Send(11, size: 900).Run();

        Assert.That(link.Numbers, Is.EqualTo(new[] { 0, 2 }));
    }

    [Test]
    public void Outage_FramesThatEnterOrLeaveTheWireInIt_AreLost()
    {
        var spec = new DirectionSpec { DelayMs = 20, Outages = [new OutageSpec { AtS = 0.01, ForS = 0.01 }] };

        // 0 leaves the wire at 9 ms, 1 at 10 ms; 2 is sent in the middle, 3 in the outage's last nanosecond but one millisecond, 4 at its end.
        LinkHarness link = new LinkHarness(spec).Send(8).Send(9).Send(15).Send(19.999).Send(20).Run();

        Assert.That(link.Numbers, Is.EqualTo(new[] { 0, 4 }));
        Assert.That(link.Arrivals[0].At, Is.EqualTo(29 * Millisecond), "what is past the wire is safe");
        Assert.That(link.With(FrameFate.Outage), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(link.Link.Counters.Lost, Is.EqualTo(3));
    }

    [Test]
    public void Step_OfTheRateInMidQueue_HoldsFromTheNextFrameOn()
    {
        LinkHarness link = new LinkHarness(new DirectionSpec { QueueKb = 100, Steps = s_slowAfterTwo }).Send(0, count: 5).Run();

        Assert.That(link.Arrivals.Select(a => a.At / Millisecond), Is.EqualTo(new[] { 1, 2, 3, 5, 7 }));
    }

    [Test]
    public void Step_OfOneKey_LeavesTheOthersAsTheyWere()
    {
        var spec = new DirectionSpec { DelayMs = 10, JitterMs = 0, QueueKb = 3, Loss = 0, Steps = [new StepSpec { AtS = 1, DelayMs = 30 }] };
        LinkHarness link = new LinkHarness(spec).Send(0).Send(2000).Run();

        Assert.That(link.Arrivals.Select(a => a.At / Millisecond), Is.EqualTo(new[] { 11, 2031 }));
        Assert.That(link.Link.Settings, Has.Property("QueueBytes").EqualTo(3000).And.Property("Rate").EqualTo(1_000_000));
    }

    [Test]
    public void Steps_InAnyOrder_HappenInTheOrderOfTheirTimes()
    {
        var spec = new DirectionSpec { Steps = [new StepSpec { AtS = 2, DelayMs = 20 }, new StepSpec { AtS = 1, DelayMs = 10 }, new StepSpec { AtS = 0, DelayMs = 5 }] };
        LinkHarness link = new LinkHarness(spec).Send(0).Send(1000).Send(2000).Run();

        Assert.That(link.Arrivals.Select(a => a.At / Millisecond), Is.EqualTo(new[] { 6, 1011, 2021 }));
    }

    [Test]
    public void Step_OfEveryKey_ChangesIt()
    {
        LinkSettings before = LinkSettings.Create(new LinkSpec { RateMbps = 1 }, Mtu);
        LinkSettings after = before.With(new StepSpec
        {
            RateMbps = 2,
            DelayMs = 3,
            JitterMs = 4,
            QueueKb = 5,
            Queue = "codel",
            Loss = 0.1,
            BurstLoss = new BurstLossSpec { P = 0.2, R = 0.3 },
            Reorder = 0.4,
            ReorderDelayMs = 6,
            Duplicate = 0.5,
            Corrupt = 0.6,
            EcnMarkKb = 7,
            Mtu = 800,
        });

        Assert.That(after, Is.EqualTo(new LinkSettings
        {
            Rate = 250_000,
            DelayNs = 3 * Millisecond,
            JitterNs = 4 * Millisecond,
            QueueBytes = 5000,
            Queue = QueueKind.CoDel,
            Loss = 0.1,
            BurstEnter = 0.2,
            BurstLeave = 0.3,
            Reorder = 0.4,
            ReorderDelayNs = 6 * Millisecond,
            Duplicate = 0.5,
            Corrupt = 0.6,
            EcnMarkBytes = 7000,
            Mtu = 800,
        }));
        Assert.That(after.With(new StepSpec { AtS = 1 }), Is.EqualTo(after));
    }
}
