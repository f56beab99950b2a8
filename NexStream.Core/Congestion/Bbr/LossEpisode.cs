using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// One episode of loss recovery (draft-ietf-ccwg-bbr §5.6.4.4) and what is restored if nothing in it was really lost (§2.15, §5.5.11). An episode is
/// RFC 9002's recovery period (§7.3.2): it begins with the loss of a packet that was sent after the one before began, and lasts until a packet sent
/// after its beginning is acknowledged.
/// </summary>
internal struct LossEpisode
{
    private Instant _startedAt;
    private Instant _previousStartedAt;

    // How many lost bytes still speak for the episode; 0: it cannot be undone.
    private long _lostBytes;

    /// <summary>InLossRecovery().</summary>
    public bool IsActive { get; private set; }

    /// <summary>BBR.undo_state: the phase that the losses ended, if they ended one.</summary>
    public BbrPhase? EndedPhase { get; set; }

    /// <summary>BBR.undo_bw_shortterm and BBR.undo_inflight_shortterm.</summary>
    public ShortTermModel ShortTerm { get; private set; }

    /// <summary>BBR.undo_inflight_longterm.</summary>
    public LongTermModel LongTerm { get; private set; }

    /// <summary>BBR.prior_cwnd: the window that neither losses nor ProbeRTT have made smaller.</summary>
    public long PriorWindow { get; private set; }

    /// <summary>Before anything was sent.</summary>
    public static LossEpisode None => new() { _startedAt = new Instant(long.MinValue), _previousStartedAt = new Instant(long.MinValue) };

    /// <summary>SaveCwnd().</summary>
    public void SaveWindow(long window, BbrPhase phase) =>
        PriorWindow = IsActive || phase == BbrPhase.ProbeRtt ? Math.Max(PriorWindow, window) : window;

    /// <summary>Packets were lost: begins an episode, and saves the state, when they were sent after the last one began.</summary>
    public void OnLost(BbrState state, Instant sentAt, long bytes)
    {
        if (sentAt > _startedAt)
        {
            SaveWindow(state.Window, state.Phase);
            ShortTerm = state.ShortTerm;
            LongTerm = state.LongTerm;
            EndedPhase = null;
            _previousStartedAt = _startedAt;
            _startedAt = state.Now;
            _lostBytes = bytes;
            IsActive = true;
        }
        else if (_lostBytes > 0)
        {
            _lostBytes = Math.Min(_lostBytes + bytes, BbrConstants.WindowLimit);
        }
    }

    /// <summary>The network itself says that it is congested: nothing that arrives late refutes that.</summary>
    public void Confirm() => _lostBytes = 0;

    /// <summary>A packet was acknowledged. True: the episode is over with it.</summary>
    public bool IsEndedBy(Instant sentAt)
    {
        if (!IsActive || sentAt <= _startedAt)
        {
            return false;
        }

        IsActive = false;
        return true;
    }

    /// <summary>Lost packets arrived after all. True: nothing of this episode was lost; it counts as if it had not been.</summary>
    public bool IsRefutedBy(Instant sentAt, long bytes)
    {
        bool isOfThisEpisode = sentAt <= _startedAt && sentAt > _previousStartedAt;
        if (_lostBytes <= 0 || !isOfThisEpisode)
        {
            return false;
        }

        _lostBytes -= Math.Max(0, bytes);
        if (_lostBytes > 0)
        {
            return false;
        }

        _startedAt = _previousStartedAt;
        IsActive = false;
        return true;
    }
}
