namespace NexStream.Core.Congestion.Bbr;

/// <summary>C.is_cwnd_limited (draft-ietf-ccwg-bbr §2.2): whether the window was full at some moment of the last round trip.</summary>
internal struct WindowUse
{
    private bool _isFullInRound;
    private bool _wasFullInLastRound;

    public readonly bool IsLimited => _isFullInRound || _wasFullInLastRound;

    /// <summary>The window has no room for another packet.</summary>
    public void OnFull() => _isFullInRound = true;

    public void OnRoundStart()
    {
        _wasFullInLastRound = _isFullInRound;
        _isFullInRound = false;
    }
}
