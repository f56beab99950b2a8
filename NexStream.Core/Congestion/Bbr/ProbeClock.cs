using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// When bandwidth is probed again (draft-ietf-ccwg-bbr §5.3.3.8): after 2 to 3 s, or after as many round trips as Reno would take, at most 62 or 63.
/// </summary>
internal struct ProbeClock
{
    private readonly ulong _seed;
    private ulong _drawn;
    private Instant _cycleStamp;

    public ProbeClock(ulong seed)
    {
        _seed = seed;
    }

    /// <summary>BBR.bw_probe_wait in nanoseconds.</summary>
    public long WaitNs { get; private set; }

    /// <summary>BBR.rounds_since_probe_up.</summary>
    public long RoundsSinceProbe { get; private set; }

    /// <summary>PickProbeWait(), and the cycle begins now.</summary>
    public void Start(Instant now)
    {
        RoundsSinceProbe = (long)(Draw() & 1);
        WaitNs = BbrConstants.ProbeWaitNs + (long)(Draw() % (ulong)BbrConstants.ProbeWaitSpreadNs);
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

    /// <summary>The next lot: a count, mixed as SplitMix64 (Steele, Lea, Flood 2014) does.</summary>
    private ulong Draw()
    {
        unchecked
        {
            _drawn++;
            ulong z = _seed + (_drawn * 0x9E3779B97F4A7C15);
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
