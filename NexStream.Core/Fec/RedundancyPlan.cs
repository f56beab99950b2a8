using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Fec;

/// <summary>
/// How a probabilistic stream spends its packets so that the share it wants is delivered: it leaves messages out, or sends them all and repair symbols
/// after some groups or all.
/// </summary>
/// <remarks>
/// Repairs are whole, and what they deliver rises in steps; between two numbers of repairs a share of the groups gets the higher one. These are not
/// neighbours, but the two that make the goal cheapest: what is delivered, plotted over the repairs, starts flat (the first repairs of a large group are
/// too few for its usual losses), and there a mixture of groups with no repairs and groups with many is cheaper than an equal few for all. The cheapest
/// mixtures are the upper concave hull of the plot, and for large groups the hull approaches <see cref="InformationMinimum"/>, as time sharing does.
/// Cost: that of <see cref="GroupForecast"/>, and at most 2,080 comparisons of slopes with four additions and two multiplications each for the hull; less than
/// 25,000 additions in all.
/// </remarks>
/// <param name="SendShare">The probability with which a message is sent at all; 1: all are.</param>
/// <param name="RepairsLow">Repairs of a group.</param>
/// <param name="RepairsHigh">Repairs of a group that was drawn to get more; equal to <see cref="RepairsLow"/> when none does.</param>
/// <param name="ShareOfHigh">The probability with which a group is drawn.</param>
/// <param name="Delivered">The share of the messages, also of those left out, that is expected to be delivered.</param>
/// <param name="Overhead">The repairs expected for each message sent.</param>
internal readonly record struct RedundancyPlan(
    double SendShare, int RepairsLow, int RepairsHigh, double ShareOfHigh, double Delivered, double Overhead)
{
    /// <summary>
    /// No redundancy aims higher: one message in a million lost, so that "all" does not ask for more repairs without end for the last 10^-20. A path that
    /// loses less than that needs no repairs.
    /// </summary>
    public const double AimMax = 1 - 1e-6;

    /// <summary>
    /// The cheapest plan for a goal on a path. Where not even <paramref name="repairsMax"/> repairs reach it, all of them: the most there is.
    /// <list type="bullet">
    /// <item>Probability 0 sends nothing, or everything unprotected if the goal does not thin.</item>
    /// <item>Probability 1 sends everything, and protects it up to <see cref="AimMax"/> if the path loses anything.</item>
    /// <item>A path without losses gets no repairs, unless the ratio is fixed.</item>
    /// <item>A fixed ratio r is r k repairs for a group of k on average; thinning may still take away what they deliver too much.</item>
    /// </list>
    /// </summary>
    /// <param name="goal">What is wanted.</param>
    /// <param name="path">How the path loses.</param>
    /// <param name="sources">How many messages a group has; below 1 or above <see cref="GroupForecast.SourcesMax"/> counts as the nearest of these.</param>
    /// <param name="repairsMax">How many repairs a group may have, 0 to <see cref="GroupForecast.RepairsMax"/>; outside counts as the nearest of these.</param>
    public static RedundancyPlan Make(in DeliveryGoal goal, in LossModel path, int sources, int repairsMax = GroupForecast.RepairsMax)
    {
        sources = Math.Clamp(sources, 1, GroupForecast.SourcesMax);
        repairsMax = Math.Clamp(repairsMax, 0, GroupForecast.RepairsMax);
        double aim = goal.Aim;
        if (goal.FixedRatio is { } ratio)
        {
            return WithRatio(ratio, path, sources, repairsMax).Thinned(aim, goal.Thins);
        }

        double unprotected = 1 - path.Loss;
        return unprotected >= Math.Min(aim, AimMax)
            ? new RedundancyPlan(1, 0, 0, 0, unprotected, 0).Thinned(aim, goal.Thins)
            : Protected(Math.Min(aim, AimMax), path, sources, repairsMax);
    }

    /// <summary>
    /// The least overhead (repairs for each message sent) with which any code could deliver a share of all messages on a path that loses the share
    /// <paramref name="loss"/> of all packets: max(0, delivered / (1 - loss) - 1), infinite where nothing arrives.
    /// </summary>
    /// <remarks>
    /// Let a group of k messages, each as long as a packet and incompressible, be sent as n packets. Messages known to the receiver are a function of
    /// the packets that arrived, so that there are no more of them than of those; in the mean k · delivered ≤ n (1 - loss), however the losses are
    /// correlated. So n / k ≥ delivered / (1 - loss), the capacity 1 - l of the erasure channel (Elias, 1955). The overhead is n / k - 1; less than one packet for
    /// each message is thinning, not redundancy, and counts as none. The same holds for mixtures of groups, as both sides are means.
    /// </remarks>
    public static double InformationMinimum(double delivered, double loss)
    {
        if (!(delivered > 0))
        {
            return 0;
        }

        return loss < 1 ? Math.Max(0, (delivered / (1 - Math.Max(loss, 0))) - 1) : double.PositiveInfinity;
    }

    /// <summary>Whether any group gets repairs.</summary>
    public bool HasRepairs => RepairsHigh > 0;

    /// <summary>How many repairs the next group gets.</summary>
    public int DrawRepairs(ref SplitMix64 draws) => draws.Draw(ShareOfHigh) ? RepairsHigh : RepairsLow;

    private static RedundancyPlan Protected(double aim, in LossModel path, int sources, int repairsMax)
    {
        Curve delivered = default;
        int last = Plot(path, sources, repairsMax, ref delivered);
        if (delivered[last] <= aim)
        {
            return new RedundancyPlan(1, last, last, 0, delivered[last], (double)last / sources);
        }

        // Along the hull, from corner to corner: the next is where the slope is greatest. It ends at the latest with the last point, beyond the aim.
        int low = 0;
        int high = Steepest(delivered, low, last);
        while (delivered[high] <= aim)
        {
            low = high;
            high = Steepest(delivered, low, last);
        }

        double share = (aim - delivered[low]) / (delivered[high] - delivered[low]);
        return Mixed(low, high, share, delivered[low], delivered[high], sources);
    }

    private static RedundancyPlan WithRatio(double ratio, in LossModel path, int sources, int repairsMax)
    {
        double repairs = ratio > 0 ? Math.Min(ratio * sources, repairsMax) : 0;
        int low = (int)repairs;
        int high = Math.Min(low + 1, repairsMax);
        Curve delivered = default;
        int last = Plot(path, sources, high, ref delivered);

        // The plot ends early where more repairs deliver nothing more.
        return Mixed(low, high, repairs - low, delivered[Math.Min(low, last)], delivered[last], sources);
    }

    private static RedundancyPlan Mixed(int low, int high, double share, double deliveredLow, double deliveredHigh, int sources)
    {
        if (!(share > 0))
        {
            return new RedundancyPlan(1, low, low, 0, deliveredLow, (double)low / sources);
        }

        double delivered = deliveredLow + (share * (deliveredHigh - deliveredLow));
        return new RedundancyPlan(1, low, high, share, delivered, (low + (share * (high - low))) / sources);
    }

    // What so many repairs deliver, up to the number from which on more change nothing, which it returns.
    private static int Plot(in LossModel path, int sources, int repairsMax, ref Curve delivered)
    {
        GroupForecast forecast = new(path, sources);
        delivered[0] = forecast.Delivered;
        while (forecast.Delivered < 1 && forecast.Repairs < repairsMax && forecast.TryAddRepair())
        {
            delivered[forecast.Repairs] = forecast.Delivered;
        }

        return forecast.Repairs;
    }

    private static int Steepest(in Curve delivered, int from, int last)
    {
        int steepest = from + 1;
        for (int m = from + 2; m <= last; m++)
        {
            // rise / run compared by multiplying with both runs, which are positive.
            if ((delivered[m] - delivered[from]) * (steepest - from) > (delivered[steepest] - delivered[from]) * (m - from))
            {
                steepest = m;
            }
        }

        return steepest;
    }

    private RedundancyPlan Thinned(double aim, bool thins) =>
        thins && aim < Delivered ? this with { SendShare = aim / Delivered, Delivered = aim } : this;

    [InlineArray(GroupForecast.RepairsMax + 1)]
    private struct Curve
    {
        private double _first;
    }
}
