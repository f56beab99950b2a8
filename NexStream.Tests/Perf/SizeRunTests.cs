using NexStream.Perf;

namespace NexStream.Tests.Perf;

/// <summary>What streams and connections may occupy (NS-NF-006, docs/performance.md).</summary>
[TestFixture, NonParallelizable]
public sealed class SizeRunTests
{
    [Test]
    public void Run_Sizes_StayWithinTheirBounds()
    {
        SizeResult sizes = SizeRun.Run();

        // What else lives in the process moves it by a part of a byte, and where invariants are checked each record of a slab has a bit beside it: Endpoints/ManyStreamsTests holds
        // the record itself to 256.
        Assert.That(sizes.IdleStreamBytes, Is.InRange(100, 257));
        Assert.That(sizes.IdleConnectionBytes, Is.InRange(500, 4096));
        Assert.That(sizes.ActiveStreamBytes, Is.InRange(2 * 64 * 1200, 256 * 1024), "a window at each end at least");
    }
}
