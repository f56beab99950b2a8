namespace NexStream.Core.Congestion.Bbr;

/// <summary>The states of draft-ietf-ccwg-bbr §5.1.1.</summary>
internal enum BbrPhase : byte
{
    Startup,
    Drain,
    ProbeBandwidthDown,
    ProbeBandwidthCruise,
    ProbeBandwidthRefill,
    ProbeBandwidthUp,
    ProbeRtt,
}
