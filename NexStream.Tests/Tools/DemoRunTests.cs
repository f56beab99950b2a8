using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tool.Demo;
using NexStream.Tool.Impairment;
using NexStream.Tool.Output;

namespace NexStream.Tests.Tools;

public sealed class DemoRunTests
{
    private static readonly DemoOptions s_small = new()
    {
        ContentBytes = 300_001,
        Gradients = 50,
        Telemetry = 50,
        Samples = 50,
        TimeLimitNs = 120 * Instant.Second,
        Link = LinkPreference.Managed,
    };

    [Test]
    public void Run_CleanLink_DeliversEverything()
    {
        DemoResult result = Run(s_small);
        Assert.That(result.Failures, Is.Empty);
        Assert.That(result.Sha256Received, Is.EqualTo(result.Sha256Sent));
        Assert.That(result.Modes.Select(mode => mode.Delivered), Is.EqualTo(new[] { 5L, 50, 50, 50 }));
        Assert.That(result.Link, Does.StartWith("managed ring"));
    }

    [Test]
    public void Run_BadNetwork_KeepsItsGuarantees()
    {
        DemoResult result = Run(s_small with { Impairment = new ImpairmentSettings(Loss: 0.1, DelayNs: Instant.Millisecond, Reorder: 0.05, Duplicate: 0.05) });
        Assert.That(result.Failures, Is.Empty);
        Assert.That(result.Modes[0].Delivered, Is.EqualTo(5));
        Assert.That(result.Modes[1].Delivered, Is.EqualTo(50));
        Assert.That(result.Modes.Sum(mode => mode.PacketsLost), Is.GreaterThan(0), "the network was not bad at all");
    }

    [Test]
    public void Run_EverythingIsLost_SaysWhichGuaranteesAreBroken()
    {
        DemoResult result = Run(s_small with { Impairment = new ImpairmentSettings(Loss: 1), TimeLimitNs = 100 * Instant.Millisecond });
        Assert.That(result.Ok, Is.False);
        Assert.That(result.Failures, Has.Some.StartWith("RO:"));
        Assert.That(result.Failures, Has.Some.StartWith("RU:"));
    }

    [Test]
    public void Run_OneMode_CarriesNothingElse()
    {
        DemoResult result = Run(s_small with { Mode = TransportMode.ReliableUnordered });
        Assert.That(result.Failures, Is.Empty);
        Assert.That(result.Modes.Select(mode => (mode.Mode, mode.Delivered)), Is.EqualTo(new[] { ("RU", 50L) }));
        Assert.That(result.Sha256Sent, Is.Empty);
    }

    [TestCase(0.99, 0.1, 0.98)]
    [TestCase(0.5, 0.1, 0.45)]
    [Category("Slow")]
    public void Run_Probability_IsReachedOverABadNetwork(double probability, double loss, double least)
    {
        DemoResult result = Run(s_small with
        {
            Mode = TransportMode.Probabilistic,
            Probability = probability,
            Impairment = new ImpairmentSettings(Loss: loss, DelayNs: Instant.Millisecond),
        });
        Assert.That(result.Failures, Is.Empty);
        Assert.That(result.Modes[0].Probability, Is.EqualTo(probability));
        Assert.That(result.Modes[0].Reached, Is.GreaterThan(least));
    }

    private static DemoResult Run(DemoOptions options)
    {
        using DemoRun run = new(options);
        return run.Run(NoProgress.Instance, CancellationToken.None);
    }
}
