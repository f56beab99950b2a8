using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// When bandwidth is probed again (draft-ietf-ccwg-bbr §5.3.3.8): after 2 to 3 s, or after as many round trips as Reno would take, at most 62 or 63.
/// </summary>
internal struct ProbeClock
{
    private SplitMix64 _lots;
    private Instant _cycleStamp;

    public ProbeClock(ulong seed)
    {
        _lots = new SplitMix64(seed);
    }

    /// <summary>BBR.bw_probe_wait in nanoseconds.</summary>
    public long WaitNs { get; private set; }

    /// <summary>BBR.rounds_since_probe_up.</summary>
    public long RoundsSinceProbe { get; private set; }

    /// <summary>PickProbeWait(), and the cycle begins now.</summary>
    public void Start(Instant now)
    {
        RoundsSinceProbe = (long)(_lots.Next() & 1);
        WaitNs = BbrConstants.ProbeWaitNs + (long)(_lots.Next() % (ulong)BbrConstants.ProbeWaitSpreadNs);
        _cycleStamp = now;
    }

    public void OnRoundStart() => RoundsSinceProbe++;

    /// <summary>
    /// HasElapsedInPhase(BBR.bw_probe_wait) or IsRenoCoexistenceProbeTime(). Reno adds a packet a round trip, so TargetInflight() counts in packets.
    /// </summary>
    public readonly bool IsDue(Instant now, long targetInflight, int frameLength)
    {
        long renoRounds = Math.Max(1, targetInflight / frameLength);
        return now > _cycleStamp + WaitNs || RoundsSinceProbe >= Math.Min(renoRounds, BbrConstants.ProbeWaitRoundsMax);
    }
}
