using NexStream.Tool.Impairment;

namespace NexStream.Tests.Tools;

public sealed class ImpairmentPlanTests
{
    private const int Packets = 100_000;

    [Test]
    public void Next_ManyPackets_HasTheSharesThatWereAskedFor()
    {
        ImpairmentSettings settings = new(Loss: 0.05, DelayNs: 10_000_000, Reorder: 0.05, Duplicate: 0.02);
        ImpairmentPlan plan = new(settings, seed: 7);
        PacketFate[] fates = [.. Enumerable.Range(0, Packets).Select(_ => plan.Next())];

        // Half a percent is more than seven standard deviations of a share of 5 % in 100,000.
        Assert.That(fates.Count(fate => fate.IsLost) / (double)Packets, Is.EqualTo(0.05).Within(0.005));
        Assert.That(fates.Count(fate => fate.DelayNs > settings.DelayNs) / (double)Packets, Is.EqualTo(0.05).Within(0.005));
        Assert.That(fates.Count(fate => fate.IsDuplicated) / (double)Packets, Is.EqualTo(0.02 * 0.95).Within(0.005));
        Assert.That(fates.Min(fate => fate.DelayNs), Is.EqualTo(settings.DelayNs));
    }

    [Test]
    public void Next_SameSeed_GivesTheSameFates()
    {
        ImpairmentPlan a = new(new ImpairmentSettings(0.5, 1, 0.5, 0.5), seed: 3);
        ImpairmentPlan b = new(new ImpairmentSettings(0.5, 1, 0.5, 0.5), seed: 3);
        Assert.That(Enumerable.Range(0, 100).Select(_ => a.Next()), Is.EqualTo(Enumerable.Range(0, 100).Select(_ => b.Next())));
    }
}
