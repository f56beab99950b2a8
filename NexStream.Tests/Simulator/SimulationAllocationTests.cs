using NexStream.Simulator.Engine;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>A simulation is to spend its time on the protocol: what it needs it has once as many frames as the path holds were in transit.</summary>
[TestFixture]
internal sealed class SimulationAllocationTests
{
    [Test]
    public void Run_AfterWarmUp_AllocatesNothing()
    {
        var simulation = new Simulation(ScenarioReader.Read(
            """
            { "duration_s": 6, "link": { "rate_mbps": 20, "delay_ms": 10, "loss": 0.001 },
              "flows": [ { "streams": [ { "mode": "ro" } ] }, { "streams": [ { "mode": "ro" }, { "mode": "ro" } ] } ] }
            """));
        long before = 0;
        long after = 0;
        long framesBefore = 0;
        long framesAfter = 0;
        simulation.At(4, _ =>
        {
            framesBefore = simulation.Link.Counters.Frames;
            before = GC.GetAllocatedBytesForCurrentThread();
        });
        simulation.At(6, _ =>
        {
            after = GC.GetAllocatedBytesForCurrentThread();
            framesAfter = simulation.Link.Counters.Frames;
        });

        simulation.Run();

        Assert.That(framesAfter - framesBefore, Is.GreaterThan(2500), "nothing was measured");
        Assert.That(after - before, Is.Zero);
    }
}
