using System.Globalization;
using static NexStream.Simulator.Scenarios.Rule;

namespace NexStream.Simulator.Scenarios;

/// <summary>What a direction of a link may be.</summary>
internal static class LinkRules
{
    private static readonly string[] s_queues = ["droptail", "red", "codel"];

    /// <summary>Checks a direction with its steps and outages.</summary>
    /// <exception cref="ScenarioException">A value is out of range.</exception>
    public static void Check(DirectionSpec link, string where)
    {
        CheckKeys(link, where);
        Require(link.Weight > 0, $"{where}.weight", "is from 1 to 255");
        for (int i = 0; i < link.Steps.Count; i++)
        {
            string here = string.Create(CultureInfo.InvariantCulture, $"{where}.steps[{i}]");
            Require(link.Steps[i] is not null, here, "is no null");
            CheckKeys(link.Steps[i], here);
            Require(IsTime(link.Steps[i].AtS), $"{here}.at_s", "is from 0 to 1000000000");
        }

        for (int i = 0; i < link.Outages?.Count; i++)
        {
            string here = string.Create(CultureInfo.InvariantCulture, $"{where}.outages[{i}]");
            Require(link.Outages[i] is not null, here, "is no null");
            Require(IsTime(link.Outages[i].AtS), $"{here}.at_s", "is from 0 to 1000000000");
            Require(link.Outages[i].ForS is > 0 and <= SecondsMax, $"{here}.for_s", "is above 0 and at most 1000000000");
        }
    }

    private static void CheckKeys(LinkSpec link, string where)
    {
        Require(link.RateMbps is null or (> 0 and <= RateMax), $"{where}.rate_mbps", "is above 0 and at most 1000000");
        Require(link.DelayMs is null or (>= 0 and <= 1e5), $"{where}.delay_ms", "is from 0 to 100000");
        Require(link.JitterMs is null or (>= 0 and <= 1e5), $"{where}.jitter_ms", "is from 0 to 100000");
        Require(link.QueueKb is null or (>= 0 and <= 1e7), $"{where}.queue_kb", "is from 0 to 10000000");
        Require(link.Queue is null || s_queues.Contains(link.Queue), $"{where}.queue", "is droptail, red or codel");
        Require(IsShare(link.Loss), $"{where}.loss", "is from 0 to 1");
        Require(link.BurstLoss is null || IsShare(link.BurstLoss.P), $"{where}.burst_loss.p", "is from 0 to 1");
        Require(link.BurstLoss is null or { R: > 0 and <= 1 }, $"{where}.burst_loss.r", "is above 0 and at most 1");
        Require(IsShare(link.Reorder), $"{where}.reorder", "is from 0 to 1");
        Require(link.ReorderDelayMs is null or (>= 0 and <= 1e5), $"{where}.reorder_delay_ms", "is from 0 to 100000");
        Require(IsShare(link.Duplicate), $"{where}.duplicate", "is from 0 to 1");
        Require(IsShare(link.Corrupt), $"{where}.corrupt", "is from 0 to 1");
        Require(link.EcnMarkKb is null or (>= 0 and <= 1e9), $"{where}.ecn_mark_kb", "is from 0 to 1000000000, or null for no marks");
        Require(link.Mtu is null or (>= 64 and <= 65_536), $"{where}.mtu", "is from 64 to 65536");
    }
}
