using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>A connection without traffic ends after a minute: right where it was done, wrong where it was not.</summary>
[TestFixture]
internal sealed class IdleFlowTests
{
    [Test]
    public void Idle_AfterAllIsComplete_BreaksNoGuarantee()
    {
        SimulationResult result = Run("""{ "bytes": 100000 }""");

        Assert.That(result.Flows[0].CompletedS, Is.LessThan(2));
        Assert.That(result.Violations, Is.Empty);
        Assert.That(result.Ok, Is.True);
    }

    [Test]
    public void Idle_BeforeAllIsComplete_IsAViolation()
    {
        SimulationResult result = Run("""{ "bytes": 100000, "start_s": 80 }""");

        Assert.That(result.Flows[0].CompletedS, Is.Null);
        Assert.That(result.Violations, Does.Contain("flow 0: the connection ended: IdleTimeout"));
        Assert.That(result.Ok, Is.False);
    }

    /// <summary>The flow, beside one that keeps the scenario going.</summary>
    private static SimulationResult Run(string stream) => new Simulation(ScenarioReader.Read(
        $$"""
        { "duration_s": 90, "link": { "rate_mbps": 2, "delay_ms": 10 },
          "flows": [ { "streams": [ {{stream}} ] }, { "streams": [ { "mode": "ru", "rate_mbps": 0.1 } ] } ] }
        """)).Run();
}
