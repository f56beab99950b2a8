using NexStream.Perf;

namespace NexStream.Tests.Perf;

/// <summary>What streams and connections may occupy (NS-NF-006, docs/performance.md).</summary>
[TestFixture]
public sealed class SizeRunTests
{
    [Test]
    public void Run_Sizes_StayWithinTheirBounds()
    {
        SizeResult sizes = SizeRun.Run();

        // Where invariants are checked, each record of a slab has a bit beside it.
        Assert.That(sizes.IdleStreamBytes, Is.InRange(100, Core.Primitives.Invariant.IsChecked ? 257 : 256));
        Assert.That(sizes.IdleConnectionBytes, Is.InRange(500, 4096));
        Assert.That(sizes.ActiveStreamBytes, Is.InRange(2 * 64 * 1200, 256 * 1024), "a window at each end at least");
    }
}
