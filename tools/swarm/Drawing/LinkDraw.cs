using NexStream.Core.Primitives;

namespace NexStream.Swarm.Drawing;

/// <summary>Draws what the network does in one direction between two nodes.</summary>
internal static class LinkDraw
{
    public static LinkPlan Of(Draw draw, Feature features, long chaosNs)
    {
        long delayNs = draw.Magnitude(10 * Instant.Microsecond, 100 * Instant.Millisecond);
        bool has(Feature feature) => (features & feature) != 0;
        return new LinkPlan(
            DelayNs: delayNs,
            JitterNs: draw.OneIn(2) ? 0 : delayNs / 4,
            Loss: has(Feature.Loss) ? draw.Pick(0.005, 0.02, 0.1, 0.3) : 0,
            BurstBegin: has(Feature.Bursts) ? draw.Pick(0.002, 0.01, 0.03) : 0,
            BurstEnd: draw.Pick(0.05, 0.2, 0.5),
            Reordering: has(Feature.Reordering) ? draw.Pick(0.01, 0.1, 0.5) : 0,
            HoldNs: Math.Min(draw.Magnitude(delayNs, 8 * delayNs), 400 * Instant.Millisecond),
            Duplication: has(Feature.Duplication) ? draw.Pick(0.01, 0.1, 0.5) : 0,
            HeaderCorruption: has(Feature.HeaderCorruption) ? draw.Pick(0.01, 0.1) : 0,
            Corruption: has(Feature.Corruption) ? draw.Pick(0.005, 0.05, 0.2) : 0,
            Marks: has(Feature.EcnMarks) ? draw.Pick(0.01, 0.1, 0.5) : 0,
            Bleaches: has(Feature.EcnBleaching) && draw.OneIn(2),
            BytesPerSecond: has(Feature.Bottleneck) ? draw.Magnitude(20_000, 20_000_000) : 0,
            QueueNs: draw.Magnitude(2 * Instant.Millisecond, 300 * Instant.Millisecond),
            Mtu: has(Feature.SmallMtu) ? draw.Pick(1200, 1300, 1500) : int.MaxValue,
            MtuHeals: draw.OneIn(2),
            DeadFromNs: has(Feature.PathDeath) && draw.OneIn(2) ? (long)(draw.Next() % (ulong)chaosNs) : long.MaxValue,
            DeadForNs: has(Feature.Paths) && draw.OneIn(2) ? draw.Magnitude(50 * Instant.Millisecond, 5 * Instant.Second) : long.MaxValue,
            OutageEveryNs: has(Feature.Outages) ? draw.Magnitude(50 * Instant.Millisecond, 2 * Instant.Second) : 0,
            OutageNs: draw.Magnitude(5 * Instant.Millisecond, Instant.Second));
    }
}
