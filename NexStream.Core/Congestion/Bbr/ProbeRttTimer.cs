using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>How long ProbeRTT has lasted, and which packets were sent in it (draft-ietf-ccwg-bbr §5.3.4.3).</summary>
internal struct ProbeRttTimer
{
    private Instant _doneAt;

    // Delivered bytes between which a packet must have left to be one of ProbeRTT's.
    private long _limitedFrom;
    private long _limitedTo;

    /// <summary>BBR.probe_rtt_done_stamp is set: the pipe has drained, and the time runs.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>BBR.probe_rtt_round_done.</summary>
    public bool IsRoundDone { get; private set; }

    /// <summary>The phase begins.</summary>
    public void Enter(long delivered)
    {
        IsRunning = false;
        _limitedFrom = delivered;
    }

    /// <summary>The pipe has drained.</summary>
    public void Run(Instant now)
    {
        IsRunning = true;
        IsRoundDone = false;
        _doneAt = now + BbrConstants.ProbeRttDurationNs;
    }

    public void OnRoundDone() => IsRoundDone = true;

    /// <summary>Whether the time is over.</summary>
    public readonly bool IsOver(Instant now) => IsRunning && now > _doneAt;

    /// <summary>MarkConnectionAppLimited(): what leaves until all that is now in flight is delivered says nothing about the bandwidth.</summary>
    public void MarkLimited(long delivered, long inFlight) => _limitedTo = Math.Max(delivered + inFlight, 1);

    /// <summary>Whether a packet that left when so many bytes were delivered is marked.</summary>
    public readonly bool IsLimited(long priorDelivered) => priorDelivered >= _limitedFrom && priorDelivered <= _limitedTo && _limitedTo > 0;
}
