using NexStream.Core.Fec;

namespace NexStream.Tests.Fec;

[TestFixture]
public sealed class DeliveryEstimateTests
{
    private const uint One = 256;

    [Test]
    public void Path_WithoutReports_LosesNothing() => Assert.That(default(DeliveryEstimate).Path.Loss, Is.Zero);

    [Test]
    public void Path_SteadyReports_IsWhatTheySay()
    {
        var run = new Reports();
        run.Add(count: 200, arrived: 90, lost: 10, meanRunQ8: 2 * One);
        Assert.That(run.Estimate.Path.Loss, Is.EqualTo(0.1).Within(1e-9));
        Assert.That(run.Estimate.Path.MeanBurst, Is.EqualTo(2).Within(1e-9));
    }

    [Test]
    public void Path_LossMoves_IsFollowedWithinAFewThousandMessages()
    {
        var run = new Reports();
        run.Add(count: 300, arrived: 99, lost: 1);
        run.Add(count: 20, arrived: 80, lost: 20);
        Assert.That(run.Estimate.Path.Loss, Is.EqualTo(0.2).Within(0.03), "2,000 messages later, though 30,000 said otherwise.");
    }

    [Test]
    public void Path_ChanceAlone_IsAveragedOverALongTime()
    {
        var run = new Reports();
        run.Add(count: 200, arrived: 90, lost: 10);
        run.Add(count: 1, arrived: 85, lost: 15);
        Assert.That(run.Estimate.Path.Loss, Is.EqualTo(0.1).Within(0.002));
    }

    [Test]
    public void Path_MessagesThatWereLate_AreTakenBack()
    {
        var run = new Reports();
        run.Add(count: 1, arrived: 80, lost: 20);
        run.Add(count: 1, arrived: 100, lost: -20);
        Assert.That(run.Estimate.Path.Loss, Is.Zero);
    }

    [Test]
    public void Boost_LessDeliveredThanOwed_RisesAndFallsAgain()
    {
        var run = new Reports();
        run.Add(count: 50, arrived: 80, lost: 20, aim: 0.9);
        double owing = run.Estimate.Boost;
        Assert.That(owing, Is.InRange(0.01, 1.0 / 16), "At most one message in sixteen is added.");
        run.Add(count: 200, arrived: 95, lost: 5, aim: 0.9);
        Assert.That(run.Estimate.Boost, Is.LessThan(owing));
        run.Add(count: 1000, arrived: 100, lost: 0, aim: 0.9);
        Assert.That(run.Estimate.Boost, Is.Zero);
    }

    [Test]
    public void Boost_NothingIsOwed_IsForgotten()
    {
        var run = new Reports();
        run.Add(count: 50, arrived: 80, lost: 20, aim: 0.9);
        run.Add(count: 1, arrived: 80, lost: 20, aim: 0);
        Assert.That(run.Estimate.Boost, Is.Zero);
    }

    [TestCase(11ul, 0ul, 0ul)]
    [TestCase(5ul, 6ul, 0ul)]
    [TestCase(5ul, 5ul, 6ul)]
    [TestCase(0ul, ulong.MaxValue, 0ul)]
    [TestCase(ulong.MaxValue, 0ul, 0ul)]
    public void TryAdd_MoreThanWasSent_IsRefused(ulong received, ulong lost, ulong recovered)
    {
        var estimate = default(DeliveryEstimate);
        Assert.That(estimate.TryAdd(received, lost, recovered, 0, sent: 10, aim: 0), Is.False);
        Assert.That(estimate.Received + estimate.Lost, Is.Zero);
    }

    [Test]
    public void TryAdd_OlderThanTheLast_ChangesNothing()
    {
        var estimate = default(DeliveryEstimate);
        estimate.TryAdd(50, 50, 0, One, sent: 100, aim: 0);
        Assert.That(estimate.TryAdd(40, 0, 0, One, sent: 100, aim: 0), Is.True);
        Assert.That((estimate.Received, estimate.Lost), Is.EqualTo((50ul, 50ul)));
    }

    private sealed class Reports
    {
        private ulong _received;
        private ulong _lost;
        private DeliveryEstimate _estimate;

        public DeliveryEstimate Estimate => _estimate;

        public void Add(int count, int arrived, int lost, uint meanRunQ8 = One, double aim = 0)
        {
            for (int i = 0; i < count; i++)
            {
                _received += (ulong)arrived;
                _lost = unchecked(_lost + (ulong)lost);
                Assert.That(_estimate.TryAdd(_received, _lost, 0, meanRunQ8, _received + _lost, aim), Is.True);
            }
        }
    }
}
