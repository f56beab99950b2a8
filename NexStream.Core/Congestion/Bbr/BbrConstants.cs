using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>The constants of draft-ietf-ccwg-bbr, with the section that defines each.</summary>
internal static class BbrConstants
{
    /// <summary>A bound that does not bound: "Infinity".</summary>
    public const long Unlimited = long.MaxValue;

    /// <summary>No window is larger, so that sums of windows and bytes in flight stay in range; the same limit as CUBIC's.</summary>
    public const long WindowLimit = CubicCurve.WindowLimit;

    /// <summary>No rate is larger: 2^50 bytes per second are more than a window of <see cref="WindowLimit"/> gives in a millisecond.</summary>
    public const long RateLimit = 1L << 50;

    /// <summary>BBR.ProbeRTTDuration (§2.16.2).</summary>
    public const long ProbeRttDurationNs = 200 * Instant.Millisecond;

    /// <summary>BBR.ProbeRTTInterval (§2.16.2).</summary>
    public const long ProbeRttIntervalNs = 5 * Instant.Second;

    /// <summary>BBR.MinRTTFilterLen (§2.16.1).</summary>
    public const long MinRttFilterNs = 10 * Instant.Second;

    /// <summary>BBR.ExtraAckedFilterLen in round trips (§2.12); one while the pipe is not known to be full (§5.5.9).</summary>
    public const int ExtraAckedFilterRounds = 10;

    /// <summary>See <see cref="ExtraAckedFilterRounds"/>.</summary>
    public const int ExtraAckedFilterRoundsInStartup = 1;

    /// <summary>Rounds without much growth after which the pipe counts as full (§5.3.1.2).</summary>
    public const int FullPipeRounds = 3;

    /// <summary>BBRStartupFullLossCnt: ranges lost in a round trip (§5.3.1.3).</summary>
    public const int StartupFullLossRanges = 6;

    /// <summary>BBR.MinPipeCwnd in packets (§2.8).</summary>
    public const int MinPipeFrames = 4;

    /// <summary>Rounds after which the pipe is no longer waited for to drain (§5.3.2).</summary>
    public const int DrainRounds = 3;

    /// <summary>The longest wait between probes in round trips, counted from 0 or 1 (§5.3.3.8).</summary>
    public const int ProbeWaitRoundsMax = 63;

    /// <summary>The shortest wait between probes (§5.3.3.8); up to <see cref="ProbeWaitSpreadNs"/> are added by lot.</summary>
    public const long ProbeWaitNs = 2 * Instant.Second;

    /// <summary>See <see cref="ProbeWaitNs"/>.</summary>
    public const long ProbeWaitSpreadNs = Instant.Second;

    /// <summary>BBR.bw_probe_up_rounds grows no further (§5.3.3.9).</summary>
    public const int ProbeUpRoundsMax = 30;

    /// <summary>What the window may exceed the model by while it is probed upwards, in packets (§5.6.4.2).</summary>
    public const int ProbeUpFrames = 2;

    /// <summary>The send quantum is what the pacing rate gives in this time (§5.6.3),</summary>
    public const long SendQuantumNs = Instant.Millisecond;

    /// <summary>but not more bytes than this,</summary>
    public const long SendQuantumMax = 64 * 1024;

    /// <summary>and not fewer packets than this.</summary>
    public const int SendQuantumFramesMin = 2;

    /// <summary>The round-trip time that stands in before there is a sample (§5.6.2).</summary>
    public const long NominalRttNs = Instant.Millisecond;

    /// <summary>BBR.LossThresh: 2 % (§2.8).</summary>
    public static Gain LossThreshold => new(2, 100);

    /// <summary>BBR.Beta: 0.7 (§2.8).</summary>
    public static Gain Beta => new(7, 10);

    /// <summary>BBR.Headroom: 0.15 (§2.8).</summary>
    public static Gain Headroom => new(15, 100);

    /// <summary>What BBR.PacingMarginPercent leaves: 99 % (§2.5).</summary>
    public static Gain PacingMargin => new(99, 100);

    /// <summary>Growth from round to round that says that the pipe is not full: 25 % (§5.3.1.2).</summary>
    public static Gain FullPipeGrowth => new(125, 100);

    /// <summary>BBR.pacing_gain of a phase (§5.6.1).</summary>
    public static Gain PacingGain(BbrPhase phase) => phase switch
    {
        BbrPhase.Startup => new Gain(277, 100),
        BbrPhase.Drain => new Gain(1, 2),
        BbrPhase.ProbeBandwidthDown => new Gain(9, 10),
        BbrPhase.ProbeBandwidthUp => new Gain(5, 4),
        _ => Gain.One,
    };

    /// <summary>BBR.cwnd_gain of a phase (§5.6.1).</summary>
    public static Gain WindowGain(BbrPhase phase) => phase switch
    {
        BbrPhase.ProbeBandwidthUp => new Gain(9, 4),
        BbrPhase.ProbeRtt => new Gain(1, 2),
        _ => new Gain(2, 1),
    };
}
