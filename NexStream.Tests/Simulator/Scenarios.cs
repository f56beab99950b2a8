using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>Scenarios that several tests use, and how they are run.</summary>
internal static class Scenarios
{
    /// <summary>The scenario that the format was agreed on with: every key once.</summary>
    public const string Sample = """
        { "seed": 1, "duration_s": 60, "mtu": 1500,
          "link": { "rate_mbps": 100, "delay_ms": 25, "jitter_ms": 0, "queue_kb": 312, "queue": "droptail",
                    "loss": 0.01, "burst_loss": { "p": 0.001, "r": 0.2 }, "reorder": 0.0, "reorder_delay_ms": 5, "duplicate": 0.0, "corrupt": 0.0,
                    "ecn_mark_kb": null, "steps": [ { "at_s": 20, "rate_mbps": 10 } ], "outages": [ { "at_s": 10, "for_s": 2 } ] },
          "reverse": { "rate_mbps": 10, "delay_ms": 25 },
          "flows": [ { "start_s": 0, "congestion": "cubic", "ecn": true,
                       "streams": [ { "mode": "ro", "bytes": 10000000, "message": 1200, "priority": 8, "rate_mbps": null, "probability": 0.99, "fec": 0.2, "deadline_ms": null } ] } ] }
        """;

    public static Scenario Of(DirectionSpec link, params StreamSpec[] streams) => Of(link, new FlowSpec { Streams = streams });

    public static Scenario Of(DirectionSpec link, params FlowSpec[] flows) =>
        new() { Link = link with { RateMbps = link.RateMbps ?? 20, DelayMs = link.DelayMs ?? 10 }, Flows = flows };

    public static SimulationResult Run(Scenario scenario) => new Simulation(scenario).Run();

    public static SimulationResult Run(string json) => Run(ScenarioReader.Read(json));

    /// <summary>A transfer that has to keep every promise and to end.</summary>
    public static SimulationResult RunToTheEnd(Scenario scenario)
    {
        SimulationResult result = Run(scenario);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Violations, Is.Empty, $"seed {scenario.Seed}");
            Assert.That(result.Ok, Is.True);
            Assert.That(result.Flows.Select(f => f.CompletedS), Is.All.Not.Null);
            Assert.That(result.Flows.SelectMany(f => f.Streams), Is.All.Matches<StreamResult>(s => s is { Duplicated: 0, Corrupted: 0 }));
        }

        return result;
    }
}
