using NexStream.Core.Primitives;
using NexStream.Swarm.Hosts;

namespace NexStream.Tests.Swarm;

/// <summary>Found by seed 1264540: a connection with a window of four bytes was not stuck, it was slow.</summary>
[TestFixture]
public sealed class PaceTests
{
    [TestCase(15, true, TestName = "Pace_SomethingEveryRoundTrip_IsSteady")]
    [TestCase(2000, false, TestName = "Pace_AProbeEveryTwoSeconds_IsNot")]
    [TestCase(20_000, false, TestName = "Pace_Nothing_IsNot")]
    public void Look(int intervalMs, bool isSteady)
    {
        var pace = default(Pace);
        for (long ms = 0; ms < Pace.WatchedNs / Instant.Millisecond; ms++)
        {
            pace.Look((1_000_000 + ms) * Instant.Millisecond, (ulong)(1000 + (2 * (ms / intervalMs))));
        }

        Assert.That(pace.IsSteady, Is.EqualTo(isSteady));
    }
}
