using CsCheck;
using NexStream.Core.Fec;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Fec;

[TestFixture]
public sealed class RedundancyPlanTests
{
    private const double Rounding = 1e-12;

    [Test]
    public void Make_OrdinaryGoals_AreReachedExactly(
        [Values(0.1, 0.25, 0.5, 0.9, 0.99, 0.999)] double probability,
        [Values(0, 0.01, 0.05, 0.1, 0.2)] double loss,
        [Values(1, 3)] double burst,
        [Values(1, 4, 16, 32)] int sources)
    {
        LossModel path = new(loss, burst);
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(probability), path, sources);
        double mixture = ((1 - plan.ShareOfHigh) * path.DeliveredShare(sources, plan.RepairsLow)) +
            (plan.ShareOfHigh * path.DeliveredShare(sources, plan.RepairsHigh));
        double repairs = ((1 - plan.ShareOfHigh) * plan.RepairsLow) + (plan.ShareOfHigh * plan.RepairsHigh);
        Assert.Multiple(() =>
        {
            Assert.That(plan.Delivered, Is.EqualTo(probability).Within(Rounding));
            Assert.That(plan.SendShare * mixture, Is.EqualTo(plan.Delivered).Within(Rounding), "what it says is what it does");
            Assert.That(plan.Overhead, Is.EqualTo(repairs / sources).Within(Rounding));
            Assert.That(plan.Overhead, Is.GreaterThanOrEqualTo(RedundancyPlan.InformationMinimum(probability, loss) - Rounding));
            Assert.That(plan.ShareOfHigh, Is.InRange(0, 1));
            Assert.That(plan.SendShare < 1 && plan.Overhead > 0, Is.False, "either too much arrives or too little");
        });
    }

    [Test]
    public void Make_AnyGoalAndPath_SpendsNoLessThanAnyCodeMust() => Gen.Select(AnyGoal, AnyPath, Gen.Int[-1, 70]).Sample((goal, path, sources) =>
    {
        RedundancyPlan plan = RedundancyPlan.Make(goal, path, sources);
        Assert.Multiple(() =>
        {
            Assert.That(plan.SendShare, Is.InRange(0, 1));
            Assert.That(plan.ShareOfHigh, Is.InRange(0, 1));
            Assert.That(plan.Delivered, Is.InRange(0, 1));
            Assert.That(plan.RepairsLow, Is.InRange(0, plan.RepairsHigh));
            Assert.That(plan.RepairsHigh, Is.InRange(0, GroupForecast.RepairsMax));
            Assert.That(plan.SendShare * (1 + plan.Overhead), Is.GreaterThanOrEqualTo((plan.Delivered / (1 - path.Loss)) - Rounding));
        });
    });

    // The cheapest of all mixtures of two numbers of repairs, by trying them all.
    [Test]
    public void Make_RepairsNeeded_AreTheCheapestMixture() =>
        Gen.Select(Gen.Double[0.2, 1], Gen.Double[0, 0.5], Gen.Double[1, 20], Gen.Int[1, 64], Gen.Int[0, 64]).Sample(
            (probability, loss, burst, sources, repairsMax) =>
            {
                LossModel path = new(loss, burst);
                double aim = Math.Min(probability, RedundancyPlan.AimMax);
                RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(probability), path, sources, repairsMax);
                double[] delivered = [.. Enumerable.Range(0, repairsMax + 1).Select(m => path.DeliveredShare(sources, m))];
                double cheapest = repairsMax;
                for (int low = 0; low <= repairsMax; low++)
                {
                    for (int high = low; high <= repairsMax && delivered[low] < aim; high++)
                    {
                        if (delivered[high] >= aim)
                        {
                            cheapest = Math.Min(cheapest, low + ((high - low) * (aim - delivered[low]) / (delivered[high] - delivered[low])));
                        }
                    }
                }

                cheapest = delivered[0] >= aim ? 0 : cheapest;
                Assert.That(plan.Overhead * sources, Is.EqualTo(cheapest).Within(1e-6));
            },
            iter: 200);

    // The same for all groups, or one more for some, costs a good part more than what any code needs; a mixture of none and many less of it.
    [TestCase(0.85, 0.2, 32)]
    [TestCase(0.9, 0.2, 32)]
    [TestCase(0.95, 0.1, 64)]
    public void Make_LargeGroups_ProtectSomeWellAndTheOthersNotAtAll(double probability, double loss, int sources)
    {
        LossModel path = new(loss, 1);
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(probability), path, sources);
        int above = Enumerable.Range(0, 65).First(m => path.DeliveredShare(sources, m) >= probability);
        double below = path.DeliveredShare(sources, above - 1);
        double neighbours = (above - 1 + ((probability - below) / (path.DeliveredShare(sources, above) - below))) / sources;
        TestContext.Out.WriteLine($"{plan}; neighbours {neighbours}, any code {RedundancyPlan.InformationMinimum(probability, loss)}");
        Assert.Multiple(() =>
        {
            Assert.That(plan.RepairsLow, Is.Zero);
            Assert.That(plan.RepairsHigh, Is.GreaterThan(above));
            Assert.That(plan.Overhead, Is.LessThan(0.85 * neighbours));
        });
    }

    [Test]
    public void Make_LargerGroups_AreCheaper([Values(0.05, 0.2)] double loss, [Values(0.9, 0.99, 0.999)] double probability)
    {
        LossModel path = new(loss, 1);
        double[] overheads = [.. new[] { 1, 4, 16, 64 }.Select(k => RedundancyPlan.Make(new DeliveryGoal(probability), path, k).Overhead)];
        Assert.That(overheads, loss + probability <= 1 ? Is.All.Zero : Is.Ordered.Descending);
    }

    // What a sender does with the plan, on a path that does what the model says.
    [TestCase(0.5, 0.1, 3, 16, null, TestName = "Plan_Thinning_DeliversTheShare")]
    [TestCase(0.9, 0.2, 1, 32, null, TestName = "Plan_Mixture_DeliversTheShare")]
    [TestCase(0.99, 0.1, 3, 16, null, TestName = "Plan_ManyRepairs_DeliversTheShare")]
    [TestCase(0.99, 0.2, 1, 1, null, TestName = "Plan_Duplicates_DeliversTheShare")]
    [TestCase(0.9, 0.1, 2, 8, 0.4, TestName = "Plan_FixedRatioAndThinning_DeliversTheShare")]
    public void Plan_SimulatedPath_DeliversTheShare(double probability, double loss, double burst, int sources, double? ratio)
    {
        const int Groups = 50_000;
        LossModel path = new(loss, burst);
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(probability, FixedRatio: ratio), path, sources);
        SplitMix64 sender = new(11);
        SplitMix64 network = new(12);
        double sum = 0;
        double squares = 0;
        for (int group = 0; group < Groups; group++)
        {
            int offered = 0;
            for (int sent = 0; sent < sources; offered++)
            {
                sent += sender.Draw(plan.SendShare) ? 1 : 0;
            }

            int repairs = plan.DrawRepairs(ref sender);
            bool isLost = network.Draw(path.Loss);
            int lost = 0;
            int lostSources = 0;
            for (int i = 0; i < sources + repairs; i++)
            {
                isLost = network.Draw(isLost ? path.LostAfterLost : path.LostAfterArrived);
                lost += isLost ? 1 : 0;
                lostSources = i < sources ? lost : lostSources;
            }

            // The error of a group: messages delivered beyond the share of those offered.
            double error = (lost > repairs ? sources - lostSources : sources) - (probability * offered);
            sum += error;
            squares += error * error;
        }

        double mean = sum / Groups;
        double standardError = Math.Sqrt(((squares / Groups) - (mean * mean)) / Groups);
        Assert.That(standardError / sources, Is.LessThan(0.003), "else the comparison says little");
        Assert.That(mean, Is.Zero.Within(4 * standardError));
    }

    [TestCase(0, true, 0, 0)]
    [TestCase(-1, true, 0, 0)]
    [TestCase(double.NaN, true, 0, 0)]
    [TestCase(0, false, 1, 0.9)]
    [TestCase(0.45, true, 0.5, 0.45)]
    [TestCase(0.45, false, 1, 0.9)]
    [TestCase(0.9, true, 1, 0.9)]
    public void Make_PathDeliversEnough_ThinsIfAsked(double probability, bool thins, double sendShare, double delivered)
    {
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(probability, Thins: thins), new LossModel(0.1, 1), 16);
        Assert.Multiple(() =>
        {
            Assert.That(plan.SendShare, Is.EqualTo(sendShare).Within(Rounding));
            Assert.That(plan.Delivered, Is.EqualTo(delivered).Within(Rounding));
            Assert.That((plan.RepairsLow, plan.RepairsHigh, plan.ShareOfHigh, plan.Overhead), Is.EqualTo((0, 0, 0.0, 0.0)));
        });
    }

    [TestCase(0)]
    [TestCase(1e-7)]
    public void Make_EverythingWantedAndAlmostNothingLost_SendsAllUnprotected(double loss)
    {
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(1), new LossModel(loss, 1), 16);
        Assert.That(plan, Is.EqualTo(new RedundancyPlan(1, 0, 0, 0, 1 - loss, 0)));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Make_EverythingWantedFromALossyPath_LosesOneInAMillion(double probability)
    {
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(probability), new LossModel(0.01, 1), 32);
        Assert.That(plan.Delivered, Is.EqualTo(RedundancyPlan.AimMax).Within(Rounding));
        Assert.That(plan.Overhead, Is.LessThan(0.3));
    }

    [TestCase(0.9, 1, 64)]
    [TestCase(1, 16, 64)]
    [TestCase(0.9, 1, 5)]
    [TestCase(0.9, 1, 0)]
    public void Make_GoalOutOfReach_IsTheMostThereIs(double loss, int sources, int repairsMax)
    {
        LossModel path = new(loss, 1);
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(0.999), path, sources, repairsMax);
        Assert.That(
            plan, Is.EqualTo(new RedundancyPlan(1, repairsMax, repairsMax, 0, path.DeliveredShare(sources, repairsMax), (double)repairsMax / sources)));
    }

    [TestCase(0.25, 16, 4, 4, 0)]
    [TestCase(0.1, 16, 1, 2, 0.6)]
    [TestCase(0.01, 10, 0, 1, 0.1)]
    [TestCase(0, 16, 0, 0, 0)]
    [TestCase(-1, 16, 0, 0, 0)]
    [TestCase(double.NaN, 16, 0, 0, 0)]
    [TestCase(1, 64, 64, 64, 0)]
    [TestCase(double.PositiveInfinity, 2, 64, 64, 0)]
    public void Make_FixedRatio_IsKept(double ratio, int sources, int low, int high, double share)
    {
        LossModel path = new(0.1, 1);
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(0.5, FixedRatio: ratio, Thins: false), path, sources);
        double delivered = ((1 - share) * path.DeliveredShare(sources, low)) + (share * path.DeliveredShare(sources, high));
        Assert.Multiple(() =>
        {
            Assert.That((plan.RepairsLow, plan.RepairsHigh), Is.EqualTo((low, high)));
            Assert.That(plan.ShareOfHigh, Is.EqualTo(share).Within(Rounding));
            Assert.That((plan.SendShare, plan.Delivered), Is.EqualTo((1.0, delivered)).Within(Rounding));
        });
    }

    [Test]
    public void Make_FixedRatioOnACleanPath_KeepsItsRepairs()
    {
        RedundancyPlan plan = RedundancyPlan.Make(new DeliveryGoal(1, FixedRatio: 0.5), new LossModel(0, 1), 8);
        Assert.That(plan, Is.EqualTo(new RedundancyPlan(1, 4, 4, 0, 1, 0.5)));
    }

    [TestCase(0.9, 0, 0.9)]
    [TestCase(0.9, 0.1, 0.9 * 1.1 / ((0.9 * 1.1) + 0.1))]
    [TestCase(0.001, 1, 0.002 / 1.001)]
    [TestCase(0.5, -0.5, 1.0 / 3)]
    [TestCase(0.5, -1, 0)]
    [TestCase(0.5, -7, 0)]
    [TestCase(0.5, double.NaN, 0.5)]
    [TestCase(0.5, double.PositiveInfinity, 1)]
    [TestCase(0, double.PositiveInfinity, 0)]
    [TestCase(1, 0.5, 1)]
    [TestCase(1, -0.5, 1)]
    public void Aim_Margin_ScalesTheOdds(double probability, double margin, double expected) =>
        Assert.That(new DeliveryGoal(probability, margin).Aim, Is.EqualTo(expected).Within(Rounding));

    [TestCase(0.25)]
    [TestCase(0.9)]
    [TestCase(0.99)]
    public void Make_MoreMargin_DeliversMore(double probability)
    {
        LossModel path = new(0.2, 2);
        double[] delivered = [.. new[] { -0.2, 0, 0.1, 0.5 }.Select(x => RedundancyPlan.Make(new DeliveryGoal(probability, x), path, 16).Delivered)];
        Assert.That(delivered, Is.Ordered);
        Assert.That(delivered, Is.Unique);
    }

    [TestCase(0.9, 0.2, 0.125)]
    [TestCase(0.5, 0.2, 0)]
    [TestCase(1, 0.5, 1)]
    [TestCase(0, 1, 0)]
    [TestCase(0.5, 1, double.PositiveInfinity)]
    [TestCase(double.NaN, 0.5, 0)]
    public void InformationMinimum_DeliveredAndLoss_IsTheirCapacityBound(double delivered, double loss, double expected) =>
        Assert.That(RedundancyPlan.InformationMinimum(delivered, loss), Is.EqualTo(expected).Within(Rounding));

    private static Gen<LossModel> AnyPath { get; } =
        Gen.Select(Gen.Double[-0.1, 1.1], Gen.Double[0, 50], (loss, burst) => new LossModel(loss, burst));

    private static Gen<DeliveryGoal> AnyGoal { get; } = Gen.Select(
        Gen.Double[-0.1, 1.1],
        Gen.Double[-1.5, 2],
        Gen.Double[-0.1, 5],
        Gen.Bool,
        Gen.Bool,
        (probability, margin, ratio, isFixed, thins) => new DeliveryGoal(probability, margin, isFixed ? ratio : null, thins));
}
