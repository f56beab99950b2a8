using System.Numerics;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Drawing;

/// <summary>Draws a world from its seed.</summary>
internal static class WorldDraw
{
    /// <summary>Any constant does: it keeps a world's draws apart from those of others who use small seeds.</summary>
    private const ulong Domain = 0x737761726d;

    private static readonly Feature s_all = AllOf();

    /// <summary>The world of a seed.</summary>
    public static WorldPlan Of(ulong seed)
    {
        var draw = new Draw(unchecked(seed * 0x9E3779B97F4A7C15) ^ Domain);
        Feature features = Features(draw) | PathsOf(seed);
        bool isBig = draw.OneIn(16);
        int hosts = (features & Feature.ManyEndpoints) != 0 ? draw.Between(3, 6) : draw.OneIn(4) ? 3 : 2;
        var plans = new HostPlan[hosts];
        var settings = new HostDraw(draw.Fork(), features);
        for (int i = 0; i < hosts; i++)
        {
            plans[i] = settings.Next(i);
        }

        Draw network = draw.Fork();
        long chaosNs = draw.Magnitude(200 * Instant.Millisecond, 20 * Instant.Second);
        int ways = (features & Feature.Paths) != 0 ? HostDraw.FurtherNodesMax + 1 : 1;
        var links = new LinkPlan[ways * hosts * hosts];
        for (int i = 0; i < links.Length; i++)
        {
            links[i] = LinkDraw.Of(network, features, chaosNs);
        }

        return new WorldPlan
        {
            Seed = seed,
            Features = features,
            Hosts = plans,
            Links = links,
            ChaosNs = chaosNs,
            TurnsMax = isBig ? 6_000 : 1_500,
            ActsMax = isBig ? 1_000 : draw.Between(20, 200),
            StreamsMax = isBig ? 64 : draw.Between(2, 24),
            BytesMax = isBig ? 400_000 : (int)draw.Magnitude(500, 60_000),
            JumpMaxNs = draw.OneIn(3) ? 30_000 * Instant.Second : WorldPlan.BigJumpNs,
        };
    }

    /// <summary>Drawn apart: the worlds without further paths are those that they were before there were any.</summary>
    private static Feature PathsOf(ulong seed) => new Draw(Oracles.Pattern.Key(seed, (ulong)Feature.Paths)).OneIn(3) ? Feature.Paths : Feature.None;

    private static Feature Features(Draw draw)
    {
        // Sparse worlds get deep, dense ones find combinations.
        double share = draw.Pick(0.08, 0.2, 0.35, 0.5);
        Feature features = Feature.None;
        for (ulong rest = (ulong)s_all; rest != 0; rest &= rest - 1)
        {
            var feature = (Feature)(1UL << BitOperations.TrailingZeroCount(rest));
            features |= draw.Chance(share) ? feature : Feature.None;
        }

        // These end whole connections or blind the oracle: worlds that have them learn less of everything else.
        foreach (Feature rare in (ReadOnlySpan<Feature>)[Feature.Corruption, Feature.Hostile, Feature.Crashes, Feature.ClockJumps, Feature.SameKey, Feature.PathDeath])
        {
            features &= draw.OneIn(2) ? ~rare : ~Feature.None;
        }

        return features;
    }

    private static Feature AllOf()
    {
        Feature all = Feature.None;
        foreach (Feature feature in Enum.GetValues<Feature>())
        {
            all |= feature;
        }

        return all & ~Feature.Paths;
    }
}
