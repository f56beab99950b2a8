using NexStream.Core.Multipath;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Multipath;

[TestFixture]
public sealed class SchedulerTests
{
    private const long Millisecond = Instant.Millisecond;

    [TestCase("lowest_rtt")]
    [TestCase("weighted")]
    [TestCase("redundant")]
    public void TryGet_ByName_FindsTheFactoryAndItsSchedulersCarryTheName(string name)
    {
        Assert.That(PathSchedulers.TryGet(name.ToUpperInvariant(), out IPathSchedulerFactory? factory), Is.True);
        Assert.That((factory!.Name, factory.Create().Name), Is.EqualTo((name, name)));
    }

    [Test]
    public void TryGet_UnknownName_IsNoError() => Assert.That(PathSchedulers.TryGet("bogus", out _), Is.False);

    [Test]
    public void LowestRtt_FastPathHasRoom_TakesIt() => Assert.That(Choose(PathSchedulers.LowestRtt, 1 << 20, Path(0, 40, true), Path(1, 20, true)), Is.EqualTo(1));

    [Test]
    public void LowestRtt_FastPathIsFullAndMuchWaits_TakesTheNext() =>
        Assert.That(Choose(PathSchedulers.LowestRtt, 1 << 20, Path(0, 20, false), Path(1, 400, true), Path(2, 200, true)), Is.EqualTo(2));

    [Test]
    public void LowestRtt_LastBytes_WaitForTheFastPathRatherThanEndOnASlowOne() =>
        Assert.That(Choose(PathSchedulers.LowestRtt, 3000, Path(0, 20, false), Path(1, 400, true)), Is.EqualTo(IPathScheduler.Wait));

    [Test]
    public void LowestRtt_LastBytesOnEqualPaths_DoNotWait() =>
        Assert.That(Choose(PathSchedulers.LowestRtt, 3000, Path(0, 20, false), Path(1, 21, true)), Is.EqualTo(1));

    [Test]
    public void LowestRtt_NoPathHasRoom_Waits() => Assert.That(Choose(PathSchedulers.LowestRtt, 1 << 20, Path(0, 20, false), Path(1, 21, false)), Is.EqualTo(IPathScheduler.Wait));

    [Test]
    public void Weighted_ByItsWeights_SharesExactlyAndEvenly()
    {
        IPathScheduler scheduler = PathSchedulers.Weighted.Create();
        scheduler.Reset();
        PathView[] paths = [Path(0, 20, true, 5), Path(1, 20, true, 2), Path(2, 20, true, 1)];
        int[] counts = new int[3];
        int longestRun = 0;
        int run = 0;
        int last = -1;
        for (int i = 0; i < 800; i++)
        {
            int chosen = Send(scheduler, paths);
            counts[chosen]++;
            run = chosen == last ? run + 1 : 1;
            last = chosen;
            longestRun = Math.Max(longestRun, run);
        }

        Assert.That(counts, Is.EqualTo(new[] { 500, 200, 100 }));
        Assert.That(longestRun, Is.LessThanOrEqualTo(3), "The heaviest does not send its share in one run.");
    }

    [Test]
    public void Weighted_PathWithoutRoom_IsLeftToTheOthersAndOwedNothing()
    {
        IPathScheduler scheduler = PathSchedulers.Weighted.Create();
        scheduler.Reset();
        for (int i = 0; i < 100; i++)
        {
            Assert.That(Send(scheduler, Path(0, 20, false, 200), Path(1, 20, true)), Is.EqualTo(1));
        }

        int first = 0;
        for (int i = 0; i < 10; i++)
        {
            first += Send(scheduler, Path(0, 20, true), Path(1, 20, true)) == 0 ? 1 : 0;
        }

        Assert.That(first, Is.InRange(5, 6));
        Assert.That(scheduler.Choose([Path(0, 20, false)], default), Is.EqualTo(IPathScheduler.Wait));
    }

    [Test]
    public void Redundant_TakesTheFastestWithRoomAndAsksForCopies()
    {
        Assert.That(Choose(PathSchedulers.Redundant, 3000, Path(0, 20, false), Path(1, 400, true)), Is.EqualTo(1));
        Assert.That(PathSchedulers.Redundant.Create().SendsCopies, Is.True);
        Assert.That(PathSchedulers.LowestRtt.Create().SendsCopies, Is.False);
    }

    private static int Choose(IPathSchedulerFactory factory, long queued, params PathView[] paths)
    {
        IPathScheduler scheduler = factory.Create();
        scheduler.Reset();
        return scheduler.Choose(paths, new PathDemand(default, queued));
    }

    private static int Send(IPathScheduler scheduler, params PathView[] paths)
    {
        int chosen = scheduler.Choose(paths, default);
        Assert.That(scheduler.Choose(paths, default), Is.EqualTo(chosen), "Asking changes nothing.");
        scheduler.OnSent(paths[chosen].Slot, paths[chosen].Weight);
        return chosen;
    }

    private static PathView Path(int slot, long rttMs, bool canSend, byte weight = 1) => new()
    {
        Id = (byte)slot,
        Slot = slot,
        Weight = weight,
        CanSend = canSend,
        SmoothedRttNs = rttMs * Millisecond,
        RttVarianceNs = Millisecond,
        Window = 30_000,
        FrameLength = 1500,
    };
}
