using System.Globalization;
using System.Text.Json;
using static NexStream.Simulator.Scenarios.Rule;

namespace NexStream.Simulator.Scenarios;

/// <summary>Reads a scenario and checks that it can be run.</summary>
internal static class ScenarioReader
{
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
        // The library's sentence ends with the path and position, which stand in front already, and may name the types of this program,
        // which mean nothing to the author of a scenario.
        int end = failure.Message.IndexOf(" Path:", StringComparison.Ordinal);
        string message = end < 0 ? failure.Message : failure.Message[..end];
        int missing = message.IndexOf("required properties including: ", StringComparison.Ordinal);
        string key = failure.Path?[(failure.Path.LastIndexOf('.') + 1)..] ?? "$";
        return message switch
        {
            _ when message.Contains("could not be mapped", StringComparison.Ordinal) => $"there is no key \"{key}\" here.",
            _ when message.Contains("could not be converted", StringComparison.Ordinal) => "the value is not of the kind, or not in the range, that the key takes.",
            _ when message.Contains("doesn't allow null", StringComparison.Ordinal) => "the key takes no null; leave it out.",
            _ when missing >= 0 => $"a key is missing: {message[(missing + "required properties including: ".Length)..]}",
            _ => message,
        };
    }

    private static void Check(Scenario scenario)
    {
        Require(scenario.DurationS is > 0 and <= 1e6, "duration_s", "is above 0 and at most 1000000");
        Require(scenario.Mtu is >= 1200 and <= 65_536, "mtu", "is from 1200 to 65536");
        Require(scenario.Link.RateMbps is not null, "link.rate_mbps", "is needed");
        Require(scenario.Flows.Count > 0, "flows", "has at least one flow");
        LinkRules.Check(scenario.Link, "link");
        if (scenario.Reverse is not null)
        {
            LinkRules.Check(scenario.Reverse, "reverse");
        }

        Require(scenario.Paths.Count < Core.Multipath.PathView.SlotCount, "paths", "has at most seven further paths");
        for (int i = 0; i < scenario.Paths.Count; i++)
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"paths[{i}]");
            Require(scenario.Paths[i] is not null, where, "is no null");
            Require(scenario.Paths[i].RateMbps is not null, $"{where}.rate_mbps", "is needed");
            LinkRules.Check(scenario.Paths[i], where);
            if (scenario.Paths[i].Reverse is { } reverse)
            {
                LinkRules.Check(reverse, $"{where}.reverse");
            }
        }

        for (int i = 0; i < scenario.Flows.Count; i++)
        {
            FlowRules.Check(scenario.Flows[i], string.Create(CultureInfo.InvariantCulture, $"flows[{i}]"), scenario.Mtu, scenario.Paths.Count);
        }
    }
}
