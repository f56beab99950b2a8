namespace NexStream.Core.Congestion.Bbr;

/// <summary>What arriving acknowledgements say about the last bandwidth probe (draft-ietf-ccwg-bbr §2.14, "BBR.ack_phase").</summary>
internal enum AckPhase : byte
{
    /// <summary>Nothing: no probe is under way.</summary>
    Init,

    /// <summary>The pipe is being filled at the estimated bandwidth.</summary>
    Refilling,

    /// <summary>The probe has begun, its first packet is not acknowledged yet.</summary>
    ProbeStarting,

    /// <summary>Packets of the probe are being acknowledged.</summary>
    ProbeFeedback,

    /// <summary>The probe has ended, its last packets are still being acknowledged.</summary>
    ProbeStopping,
}
