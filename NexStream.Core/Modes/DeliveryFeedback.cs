using NexStream.Core.Config;
using NexStream.Core.Fec;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>From what is wanted and what the receiver reports to how messages are sent (NS-PR-002, NS-PR-005).</summary>
internal static class DeliveryFeedback
{
    // Estimates are off by chance, and a promise that is kept on average is broken half of the time: half of what may be lost is kept in hand, but not more
    // than 0.4 points, which is less than a standard deviation of the loss rate of a short-lived stream.
    private const double MarginPart = 0.5;
    private const double MarginMax = 0.004;

    /// <summary>The application wants messages delivered with a probability from now on.</summary>
    public static void Configure(ref OutboundDelivery sending, in ProbabilisticConfig config)
    {
        sending.Config = config;
        sending.IsWanted = true;
        Replan(ref sending);
    }

    /// <summary>A report. False: it speaks of messages that were not sent.</summary>
    public static bool TryApply(ref OutboundDelivery sending, in ReceiverReportFrame report, ulong sent)
    {
        double owed = sending.IsWanted && sending.Plan.HasRepairs ? AimOf(sending.Config) : 0;
        if (!sending.Estimate.TryAdd(report.Received, report.Lost, report.Recovered, report.BurstLengthMeanQ8, sent, owed))
        {
            return false;
        }

        Replan(ref sending);
        return true;
    }

    /// <summary>How groups of so many messages are sent by now.</summary>
    public static RedundancyPlan PlanFor(in OutboundDelivery sending, int sources)
    {
        ProbabilisticConfig config = sending.Config;
        LossModel path = sending.Estimate.Path;

        // Where the path delivers enough, just what is wanted is aimed at; where it does not, more, because falling short breaks the promise.
        double aim = 1 - path.Loss >= config.Probability ? config.Probability : Math.Min(AimOf(config) + sending.Estimate.Boost, 1);
        return RedundancyPlan.Make(new DeliveryGoal(aim, FixedRatio: config.FecRatio, Thins: config.Thinning), path, sources, RepairFrame.GroupSizeMax);
    }

    private static void Replan(ref OutboundDelivery sending)
    {
        if (sending.IsWanted)
        {
            sending.Plan = PlanFor(sending, sending.Config.GroupSize);
            sending.PartialSize = 0;
        }
    }

    private static double AimOf(in ProbabilisticConfig config) =>
        config.Probability + Math.Min(MarginPart * (1 - config.Probability), MarginMax);
}
