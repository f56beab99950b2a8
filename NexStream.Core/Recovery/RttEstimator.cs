using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>
/// The round-trip time of a path and what follows from it (RFC 9002 §5 and §6, RFC 6298). Zeroed memory is a valid estimator without a sample.
/// Verified erratum 7539 to RFC 9002 holds here: the variance is updated with the smoothed time of before.
/// </summary>
internal struct RttEstimator
{
    /// <summary>The time assumed before the first sample, kInitialRtt of RFC 9002 §6.2.2.</summary>
    public const long InitialRttNs = 333 * Instant.Millisecond;

    /// <summary>The probe time-out before the first sample, without the peer's delay: srtt + 4·rttvar with half the time assumed as rttvar.</summary>
    public const long InitialPtoNs = 3 * InitialRttNs;

    /// <summary>kGranularity of RFC 9002 §6.1.2: no timer is finer.</summary>
    public const long GranularityNs = Instant.Millisecond;

    /// <summary>
    /// The longest sample that is believed. RFC 6298 §2.5 lets a timer be bounded by 60 s; a longer sample is a clock that jumped, and would
    /// stall the path for as long.
    /// </summary>
    public const long SampleMaxNs = 60 * Instant.Second;

    // kPersistentCongestionThreshold of RFC 9002 §7.6.1.
    private const int PersistentCongestionThreshold = 3;

    private long _smoothedNs;
    private long _varianceNs;

    /// <summary>Whether a sample was taken.</summary>
    public bool HasSample { get; private set; }

    /// <summary>The last sample; 0 before the first.</summary>
    public long LatestNs { get; private set; }

    /// <summary>The lowest sample (min_rtt); 0 before the first.</summary>
    public long MinNs { get; private set; }

    /// <summary>The moving average (smoothed_rtt); before the first sample the time assumed.</summary>
    public readonly long SmoothedNs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => HasSample ? _smoothedNs : InitialRttNs;
    }

    /// <summary>The mean deviation (rttvar); before the first sample half the time assumed.</summary>
    public readonly long VarianceNs => HasSample ? _varianceNs : InitialRttNs / 2;

    /// <summary>How long after a later packet was acknowledged a packet counts as lost: 9/8 of the round trip (RFC 9002 §6.1.2).</summary>
    public readonly long LossDelayNs => Math.Max(Math.Max(SmoothedNs, LatestNs) * 9 / 8, GranularityNs);

    /// <summary>Takes a sample.</summary>
    /// <param name="sampleNs">From sending the largest newly acknowledged packet to now; a clock that stands still or jumps back gives 0 or less.</param>
    /// <param name="ackDelayNs">What the peer says it waited, limited by the caller to the maximum that the peer announced.</param>
    public void Update(long sampleNs, long ackDelayNs)
    {
        LatestNs = Math.Clamp(sampleNs, 1, SampleMaxNs);
        if (!HasSample)
        {
            HasSample = true;
            MinNs = LatestNs;
            _smoothedNs = LatestNs;
            _varianceNs = LatestNs / 2;
            return;
        }

        // The lowest sample ignores the delay that the peer claims, so that no claim can lower it (RFC 9002 §5.2).
        MinNs = Math.Min(MinNs, LatestNs);
        long delayNs = Math.Max(0, ackDelayNs);
        long adjustedNs = LatestNs - delayNs >= MinNs ? LatestNs - delayNs : LatestNs;
        _varianceNs = ((3 * _varianceNs) + Math.Abs(_smoothedNs - adjustedNs)) / 4;
        _smoothedNs = ((7 * _smoothedNs) + adjustedNs) / 8;
    }

    /// <summary>The path may have changed for the worse: its lowest time is learned again (RFC 9002 §5.2).</summary>
    public void OnPersistentCongestion() => MinNs = LatestNs;

    /// <summary>The probe time-out before backing off: srtt + max(4·rttvar, 1 ms) + the peer's largest delay (RFC 9002 §6.2.1).</summary>
    public readonly long PtoNs(long maxAckDelayNs) =>
        SmoothedNs + Math.Max(4 * VarianceNs, GranularityNs) + Math.Clamp(maxAckDelayNs, 0, SampleMaxNs);

    /// <summary>Losses that span this long mean persistent congestion (RFC 9002 §7.6.1).</summary>
    public readonly long PersistentCongestionNs(long maxAckDelayNs) => PersistentCongestionThreshold * PtoNs(maxAckDelayNs);
}
