namespace NexStream.Core.Fec;

/// <summary>What share of its messages a probabilistic stream wants delivered, and how.</summary>
/// <param name="Probability">The share, 0 to 1; outside, or not a number, counts as the nearest of these, or 0.</param>
/// <param name="Margin">
/// How much better than that a plan aims, as a part of the odds of delivery: 0.1 turns odds of 9 to 1 (0.9) into 9.9 to 1 (0.908). A share of the odds
/// is small next to what is delivered as well as to what is not, so that one value serves all probabilities, and no margin leads out of 0 to 1. Negative
/// aims lower; -1 and less aim at nothing.
/// </param>
/// <param name="FixedRatio">Repairs for each source, whatever the path loses; null: what the path needs.</param>
/// <param name="Thins">Whether messages are left out where the path delivers more than is wanted.</param>
internal readonly record struct DeliveryGoal(double Probability, double Margin = 0, double? FixedRatio = null, bool Thins = true)
{
    /// <summary>The share of messages that a plan is made for: the odds of <see cref="Probability"/>, and the margin on them.</summary>
    public double Aim
    {
        get
        {
            double wanted = Probability > 0 ? Math.Min(Probability, 1) : 0;
            double better = Margin > -1 ? 1 + Margin : Margin <= -1 ? 0 : 1;
            double up = wanted * better;

            // up / (up + 1 - wanted), which an infinite margin would make infinite / infinite.
            return up > 0 ? 1 / (1 + ((1 - wanted) / up)) : 0;
        }
    }
}
