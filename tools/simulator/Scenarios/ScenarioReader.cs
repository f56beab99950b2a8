using System.Globalization;
using System.Text.Json;

namespace NexStream.Simulator.Scenarios;

/// <summary>Reads a scenario and checks that it can be run.</summary>
internal static class ScenarioReader
{
    private static readonly string[] s_queues = ["droptail", "red", "codel"];
    private static readonly string[] s_modes = ["ro", "ru", "be"];
    private static readonly string[] s_controllers = ["cubic", "bbr", "none"];
    private static readonly string[] s_policies = ["weighted", "strict"];

    /// <summary>Reads and checks.</summary>
    /// <exception cref="ScenarioException">It is no JSON, has a key that means nothing, or a value that is out of range.</exception>
    public static Scenario Read(string json)
    {
        Scenario? scenario;
        try
        {
            scenario = JsonSerializer.Deserialize(json, ScenarioContext.Default.Scenario);
        }
        catch (JsonException failure)
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"line {failure.LineNumber + 1}, {failure.Path ?? "$"}");
            throw new ScenarioException($"The scenario cannot be read at {where}: {Cause(failure)} See docs/scenarios.md.");
        }

        Check(scenario ?? throw new ScenarioException("The scenario is null: it needs a link and flows. See docs/scenarios.md."));
        return scenario;
    }

    private static string Cause(JsonException failure)
    {
        // The library's sentence ends with the path and position, which stand in front already.
        int end = failure.Message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? failure.Message : failure.Message[..end];
    }

    private static void Check(Scenario scenario)
    {
        Require(scenario.DurationS is > 0 and <= 1e6, "duration_s", "is above 0 and at most 1000000");
        Require(scenario.Mtu is >= 1200 and <= 65_536, "mtu", "is from 1200 to 65536");
        Require(scenario.Link.RateMbps is not null, "link.rate_mbps", "is needed");
        Require(scenario.Flows.Count > 0, "flows", "has at least one flow");
        Check(scenario.Link, "link");
        if (scenario.Reverse is not null)
        {
            Check(scenario.Reverse, "reverse");
        }

        for (int i = 0; i < scenario.Flows.Count; i++)
        {
            Check(scenario.Flows[i], string.Create(CultureInfo.InvariantCulture, $"flows[{i}]"), scenario.Mtu);
        }
    }

    private static void Check(DirectionSpec link, string where)
    {
        CheckLink(link, where);
        for (int i = 0; i < link.Steps.Count; i++)
        {
            CheckLink(link.Steps[i], string.Create(CultureInfo.InvariantCulture, $"{where}.steps[{i}]"));
            Require(link.Steps[i].AtS >= 0, string.Create(CultureInfo.InvariantCulture, $"{where}.steps[{i}].at_s"), "is 0 or more");
        }

        foreach (OutageSpec outage in link.Outages)
        {
            Require(outage.AtS >= 0 && outage.ForS > 0, $"{where}.outages", "have at_s of 0 or more and for_s above 0");
        }
    }

    private static void CheckLink(LinkSpec link, string where)
    {
        Require(link.RateMbps is null or (> 0 and <= 1e6), $"{where}.rate_mbps", "is above 0 and at most 1000000");
        Require(link.DelayMs is null or (>= 0 and <= 1e5), $"{where}.delay_ms", "is from 0 to 100000");
        Require(link.JitterMs is null or (>= 0 and <= 1e5), $"{where}.jitter_ms", "is from 0 to 100000");
        Require(link.QueueKb is null or (>= 0 and <= 1e7), $"{where}.queue_kb", "is from 0 to 10000000");
        Require(link.Queue is null || s_queues.Contains(link.Queue), $"{where}.queue", "is droptail, red or codel");
        Require(IsShare(link.Loss) && IsShare(link.Reorder) && IsShare(link.Duplicate) && IsShare(link.Corrupt), where, "has loss, reorder, duplicate and corrupt from 0 to 1");
        Require(link.BurstLoss is null || (IsShare(link.BurstLoss.P) && link.BurstLoss.R is > 0 and <= 1), $"{where}.burst_loss", "has p from 0 to 1 and r above 0 and at most 1");
        Require(link.ReorderDelayMs is null or (>= 0 and <= 1e5), $"{where}.reorder_delay_ms", "is from 0 to 100000");
        Require(link.EcnMarkKb is null or >= 0, $"{where}.ecn_mark_kb", "is 0 or more");
        Require(link.Mtu is null or >= 64, $"{where}.mtu", "is at least 64");
    }

    private static void Check(FlowSpec flow, string where, int mtu)
    {
        Require(flow.StartS >= 0, $"{where}.start_s", "is 0 or more");
        Require(s_controllers.Contains(flow.Congestion), $"{where}.congestion", "is cubic, bbr or none");
        Require(s_policies.Contains(flow.Scheduling), $"{where}.scheduling", "is weighted or strict");
        Require(flow.PollUs is >= 0 and <= 1e6, $"{where}.poll_us", "is from 0 to 1000000");
        Require(flow.InitialFrame is null || (flow.InitialFrame >= 1200 && flow.InitialFrame <= mtu), $"{where}.initial_frame", "is from 1200 to mtu");
        Require(flow.Streams.Count > 0, $"{where}.streams", "has at least one stream");
        for (int i = 0; i < flow.Streams.Count; i++)
        {
            StreamSpec stream = flow.Streams[i];
            string here = string.Create(CultureInfo.InvariantCulture, $"{where}.streams[{i}]");
            Require(s_modes.Contains(stream.Mode), $"{here}.mode", "is ro, ru or be");
            Require(stream.Bytes is null or >= 1, $"{here}.bytes", "is 1 or more, or null for as long as the scenario lasts");
            Require(stream.Message is >= 16 and <= 1 << 20, $"{here}.message", "is from 16 to 1048576");
            Require(stream.Priority <= 15, $"{here}.priority", "is from 0 to 15");
            Require(stream.RateMbps is null or > 0, $"{here}.rate_mbps", "is above 0, or null for as fast as possible");
            Require(stream.DeadlineMs is null or > 0, $"{here}.deadline_ms", "is above 0");
            Require(stream.StartS >= 0, $"{here}.start_s", "is 0 or more");
            Require(stream.After is null || (stream.After >= 0 && stream.After < flow.Streams.Count && stream.After != i), $"{here}.after", "names another stream of the flow, from 0");
        }
    }

    private static bool IsShare(double? value) => value is null or (>= 0 and <= 1);

    private static void Require(bool holds, string key, string rule)
    {
        if (!holds)
        {
            throw new ScenarioException($"The scenario's {key} is out of range: it {rule}. See docs/scenarios.md.");
        }
    }
}
