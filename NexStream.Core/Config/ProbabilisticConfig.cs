using NexStream.Core.Primitives;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Config;

/// <summary>
/// How likely the messages of a Probabilistic stream are to be delivered, whatever the path loses (NS-PR-001 to NS-PR-003). Where the path loses too much, repairs are
/// sent; where it delivers more, messages are left out. Nothing is ever sent twice because it was lost.
/// </summary>
/// <param name="Probability">
/// The share of messages to deliver, 0 to 1, each by itself. 1 aims at one loss in a million; who cannot lose any takes a reliable mode.
/// </param>
/// <param name="Thinning">
/// Whether messages are left out, each by a draw of its own, where the path would deliver more. Gossip and sampling want that; who only wants a
/// lower bound does not.
/// </param>
/// <param name="FecRatio">Repairs for each message, 0 to 1, whatever the receiver reports; null: as many as the probability needs.</param>
/// <param name="GroupSize">
/// Messages of a group that repairs are made for, 1 to 64. A large group needs fewer repairs and repairs later: a group that
/// <see cref="ConnectionConfig.RepairFlush"/> closes before it is full is repaired as it is. 1 repeats messages instead of coding.
/// </param>
public readonly record struct ProbabilisticConfig(
    double Probability, bool Thinning = true, double? FecRatio = null, int GroupSize = ProbabilisticConfig.GroupSizeDefault)
{
    /// <summary>Half of what a group can have: larger ones need fewer repairs, but the repairs come later.</summary>
    public const int GroupSizeDefault = 32;

    internal void Validate()
    {
        if (!(Probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Probability), Probability, $"{nameof(Probability)} is {Probability}; it may be 0 to 1.");
        }

        if (FecRatio is not 0 && !Features.HasForwardErrorCorrection)
        {
            throw new NotSupportedException(
                $"Repairs were left out when this program was built, because its feature switch {Features.ForwardErrorCorrectionSwitch} is false: set {nameof(FecRatio)} to 0, or build with them.");
        }

        if (FecRatio is { } ratio && !(ratio is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(FecRatio), ratio, $"{nameof(FecRatio)} is {ratio}; it may be 0 to 1.");
        }

        Limit.Check(GroupSize, 1, RepairFrame.GroupSizeMax, nameof(GroupSize));
    }
}
