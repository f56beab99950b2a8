using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>
/// How much later than usual a packet may come before it counts as lost, learned from packets that were late (RFC 9002 §6.1.1 and §6.1.2 leave
/// room for it; the rules are those of RACK, RFC 8985 §6.2). On a path that reorders, packets overtaken by three later ones are
/// not lost: once that was seen only time counts. Zeroed memory is a path that does not reorder.
/// </summary>
internal struct ReorderingWindow
{
    /// <summary>kPacketThreshold, RFC 9002 §6.1.1.</summary>
    public const ulong PacketThreshold = 3;

    /// <summary>RFC 8985 §6.2: what was learned is kept for so many episodes of loss in which no packet was late.</summary>
    private const int EpisodesKept = 16;

    // Spare room on what was measured: a quarter of the smallest round trip, RACK's unit of growth (RFC 8985 §6.2 step 4).
    private const int StepDivisor = 4;

    private long _extraNs;
    private int _episodesLeft;
    private Instant _episodeStart;

    /// <summary>Whether packets were seen to be late a short while ago.</summary>
    public readonly bool IsReordering => _episodesLeft > 0;

    /// <summary>How long after it was sent a packet counts as lost when a later one was acknowledged.</summary>
    public readonly long LossDelayNs(in RttEstimator rtt) => rtt.LossDelayNs + Math.Min(_extraNs, rtt.SmoothedNs);

    /// <summary>Whether a packet so far behind the largest acknowledged one is lost, whatever the time.</summary>
    public readonly bool IsBeyondThreshold(ulong packetNumber, ulong largestAcknowledged) =>
        !IsReordering && packetNumber + PacketThreshold <= largestAcknowledged;

    /// <summary>A packet that had been declared lost was acknowledged: the window was too short by as much as it came late.</summary>
    /// <param name="tookNs">From its sending to its acknowledgement.</param>
    /// <param name="rtt">The path's round-trip time.</param>
    public void OnSpuriousLoss(long tookNs, in RttEstimator rtt)
    {
        long lateNs = Math.Max(0, tookNs - rtt.LossDelayNs) + (rtt.MinNs / StepDivisor);

        // RFC 8985 §6.2: never more than one smoothed round trip.
        _extraNs = Math.Min(Math.Max(_extraNs, lateNs), rtt.SmoothedNs);
        _episodesLeft = EpisodesKept;
    }

    /// <summary>Packets were declared lost. Those sent before the last episode was noticed belong to it.</summary>
    public void OnLost(Instant largestSentAt, Instant now)
    {
        if (_episodesLeft == 0 || largestSentAt < _episodeStart)
        {
            return;
        }

        _episodeStart = now;
        _episodesLeft--;
        if (_episodesLeft == 0)
        {
            _extraNs = 0;
        }
    }
}
