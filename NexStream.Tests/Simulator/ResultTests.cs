using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>The numbers of a result.</summary>
[TestFixture]
internal sealed class ResultTests
{
    private static readonly Simulation s_stepped = new(Scenarios.Of(
        new DirectionSpec { RateMbps = 8, Steps = [new StepSpec { AtS = 4, RateMbps = 80 }, new StepSpec { AtS = 2, RateMbps = 0.8 }, new StepSpec { AtS = 3, DelayMs = 1 }] },
        new FlowSpec()));

    [TestCase(new[] { 5.0, 5.0, 5.0 }, 1.0)]
    [TestCase(new[] { 1.0, 0.0 }, 0.5)]
    [TestCase(new[] { 1.0, 0.0, 0.0, 0.0 }, 0.25)]
    [TestCase(new[] { 4.0, 2.0 }, 0.9)]
    [TestCase(new[] { 7.0 }, 1.0)]
    [TestCase(new[] { 0.0, 0.0 }, 1.0)]
    public void JainOf_Shares_IsTheIndexOfItsDefinition(double[] shares, double index) =>
        Assert.That(SimulationResult.JainOf(shares), Is.EqualTo(index).Within(1e-12));

    // A megabyte in a second at first, a tenth of one from 2 s on, ten from 4 s on.
    [TestCase(0, 1, 1_000_000)]
    [TestCase(1, 3, 1_100_000)]
    [TestCase(2, 4, 200_000)]
    [TestCase(3.5, 4.5, 5_050_000)]
    [TestCase(0, 6, 22_200_000)]
    [TestCase(5, 6, 10_000_000)]
    [TestCase(4, 4, 0)]
    public void CapacityOf_LinkWithSteps_IsTheRateOfEachOverItsTime(double from, double to, double bytes) =>
        Assert.That(
            SimulationResult.CapacityOf(s_stepped, (long)(from * Instant.Second), (long)(to * Instant.Second)), Is.EqualTo(bytes).Within(1e-3));

    [Test]
    public void Utilisation_CountsFromTheFirstFlowOn()
    {
        Scenario scenario = Scenarios.Of(new DirectionSpec(), new FlowSpec { StartS = 5 }, new FlowSpec { StartS = 6 }) with { DurationS = 8 };

        Assert.That(Scenarios.Run(scenario).Utilisation, Is.InRange(0.85, 1));
    }

    [Test]
    public void Flow_ThatIsCutOff_IsNotCompleteAndBreaksNoPromise()
    {
        SimulationResult result = Scenarios.Run(Scenarios.Of(new DirectionSpec(), new StreamSpec { Bytes = 50_000_000 }) with { DurationS = 1 });

        Assert.That((result.Ok, result.ElapsedS, result.Flows[0].CompletedS), Is.EqualTo((true, 1.0, (double?)null)));
        Assert.That(result.Flows[0].GoodputMbps, Is.EqualTo(result.Flows[0].Streams[0].Delivered * 8e-6).Within(0.01));
    }

    [Test]
    public void Flow_OnACleanPath_HasItsRoundTripAndNoLoss()
    {
        FlowResult flow = Scenarios.RunToTheEnd(Scenarios.Of(new DirectionSpec { DelayMs = 30 }, new StreamSpec { Bytes = 100_000 })).Flows[0];

        Assert.That(flow.MinRttMs, Is.EqualTo(60).Within(0.5));
        Assert.That(flow.SrttMs, Is.InRange(60, 90));
        Assert.That((flow.LostPackets, flow.RetransmittedPackets, flow.SpuriousRetransmits), Is.EqualTo((0ul, 0ul, 0ul)));
        Assert.That(flow.SentPackets, Is.InRange(70, 100));
        Assert.That(flow.CwndBytes, Is.GreaterThan(10_000));
    }

    [Test]
    public void Flow_ThatLosesFrames_CountsAboutAsManyLostAsTheLinkDid()
    {
        var simulation = new Simulation(Scenarios.Of(new DirectionSpec { Loss = 0.02 }, new StreamSpec { Bytes = 2_000_000 }));
        FlowResult flow = simulation.Run().Flows[0];

        Assert.That((double)flow.LostPackets, Is.EqualTo(simulation.Link.Counters.Lost + simulation.Link.Counters.Dropped).Within(5));
        Assert.That(flow.RetransmittedPackets, Is.GreaterThanOrEqualTo(flow.LostPackets - 5));
    }

    [Test]
    public void P99Queue_OfAStandingQueue_IsItsLength()
    {
        SimulationResult result = Scenarios.Run(
            Scenarios.Of(new DirectionSpec { RateMbps = 8, QueueKb = 50 }, new FlowSpec { Congestion = "cubic" }) with { DurationS = 5 });

        Assert.That(result.Flows[0].P99QueueMs, Is.InRange(40, 50), "50,000 bytes at a million a second");
    }
}
