using NexStream.Core.Primitives;

namespace NexStream.Simulator.Links;

/// <summary>CoDel (RFC 8289 §5): signals when frames have waited for more than 5 ms for 100 ms on end, and then ever more often.</summary>
internal struct ControlledDelay
{
    // RFC 8289 §4.2 to §4.4.
    private const long TargetNs = 5 * Instant.Millisecond;
    private const long IntervalNs = 100 * Instant.Millisecond;

    private long _firstAboveAt;
    private long _signalAt;
    private int _count;
    private int _lastCount;
    private bool _isSignalling;

    /// <summary>Judges a frame that leaves the queue.</summary>
    /// <param name="waitedNs">How long it waited.</param>
    /// <param name="left">Bytes that are left in the queue.</param>
    /// <param name="mtu">With less than this in the queue nothing is signalled.</param>
    /// <param name="now">Now.</param>
    public Verdict Leave(long waitedNs, long left, int mtu, long now)
    {
        bool isAbove = IsAbove(waitedNs, left, mtu, now);
        if (_isSignalling)
        {
            if (!isAbove)
            {
                _isSignalling = false;
                return Verdict.Pass;
            }

            if (now < _signalAt)
            {
                return Verdict.Pass;
            }

            _count++;
            _signalAt = Next(_signalAt);
            return Verdict.Signal;
        }

        if (!isAbove)
        {
            return Verdict.Pass;
        }

        // RFC 8289 §5.4: a queue that was bad a short while ago goes on where it stopped.
        _isSignalling = true;
        int delta = _count - _lastCount;
        _count = delta > 1 && now - _signalAt < 16 * IntervalNs ? delta : 1;
        _lastCount = _count;
        _signalAt = Next(now);
        return Verdict.Signal;
    }

    private bool IsAbove(long waitedNs, long left, int mtu, long now)
    {
        if (waitedNs < TargetNs || left <= mtu)
        {
            _firstAboveAt = 0;
            return false;
        }

        if (_firstAboveAt == 0)
        {
            _firstAboveAt = now + IntervalNs;
            return false;
        }

        return now >= _firstAboveAt;
    }

    private readonly long Next(long from) => from + (long)(IntervalNs / Math.Sqrt(_count));
}
