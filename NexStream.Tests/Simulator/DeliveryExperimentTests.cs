using NexStream.Simulator.Experiments;

namespace NexStream.Tests.Simulator;

/// <summary>A part of the table in docs/evidence/delivery.md, with fewer messages.</summary>
[TestFixture]
public sealed class DeliveryExperimentTests
{
    private const long Messages = 60_000;

    [TestCase(0.5, 0.1, 1)]
    [TestCase(0.9, 0.05, 3)]
    [TestCase(0.1, 0, 1)]
    public void Delivery_PathDeliversMore_IsWithinAPoint(double probability, double loss, double burst)
    {
        DeliveryResult result = new Delivery(probability, loss, burst) { Messages = Messages }.Measure();
        Assert.That(result.Ok, Is.True);
        Assert.That(result.Share, Is.EqualTo(probability).Within(0.01));
        Assert.That(result.Overhead, Is.Zero);
    }

    [TestCase(0.99, 0.1, 1)]
    [TestCase(0.99, 0.05, 3)]
    [TestCase(0.9, 0.2, 3)]
    [Category("Slow")]
    public void Delivery_PathLosesMore_IsReachedWithLittleMoreThanTheLeast(double probability, double loss, double burst)
    {
        DeliveryResult result = new Delivery(probability, loss, burst) { Messages = Messages }.Measure();
        Assert.That(result.Ok, Is.True);
        Assert.That(result.High, Is.GreaterThanOrEqualTo(probability));

        // Runs of losses are longer than what repairs of one group can bridge cheaply.
        Assert.That(result.Overhead, Is.InRange(result.Minimum, burst > 1 ? 0.8 : (3 * result.Minimum) + 0.1));
    }

    [Test]
    [Category("Slow")]
    public void Quorum_OfTen_IsAsLikelyAsComputed()
    {
        var quorum = new Quorum(10, 7, 0.8, 0.1) { Questions = 20_000 };
        (double share, bool isOk) = quorum.Measure();
        Assert.That(isOk, Is.True);
        Assert.That(share, Is.EqualTo(quorum.Computed).Within(0.02));
    }

    [TestCase(3, 3, 0.5, 0.125)]
    [TestCase(3, 0, 0.5, 1)]
    [TestCase(2, 1, 0.9, 0.99)]
    public void Quorum_Computed_IsTheUpperTail(int peers, int needed, double probability, double chance) =>
        Assert.That(new Quorum(peers, needed, probability, 0).Computed, Is.EqualTo(chance).Within(1e-12));
}
