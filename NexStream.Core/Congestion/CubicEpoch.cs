using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// One congestion avoidance stage of CUBIC: the curve it follows and the Reno window it is compared with (RFC 9438 §4.2 to §4.5).
/// A plain value, so that undoing a spurious congestion event is an assignment.
/// </summary>
internal struct CubicEpoch
{
    // Beta is 0.7 (RFC 9438 §4.6); alpha is 3·(1 − beta)/(1 + beta) = 9/17 (§4.3).
    private const int BetaTenths = 7;
    private const int AlphaNumerator = 9;
    private const int AlphaDenominator = 17;

    // A sum of two durations stays within the range of a long, whatever the clock does.
    private const long DurationLimitNs = long.MaxValue / 2;

    private Instant _start;
    private bool _isStarted;
    private long _plateau;
    private long _timeToPlateauNs;
    private long _renoWindow;

    // What the divisions left over, in the units of their numerators: growth of less than a byte per call is not lost.
    private long _windowRemainder;
    private long _renoRemainder;

    /// <summary>W_max in bytes: the window just before the last congestion event, or less by fast convergence; 0 when there was none.</summary>
    public readonly long Plateau => _plateau;

    /// <summary>cwnd_prior in bytes: the window when the slow start threshold was last set.</summary>
    public long PriorWindow { get; private set; }

    /// <summary>K in nanoseconds.</summary>
    public readonly long TimeToPlateauNs => _timeToPlateauNs;

    /// <summary>W_est in bytes.</summary>
    public readonly long RenoWindow => _renoWindow;

    /// <summary>beta · window (RFC 9438 §4.6).</summary>
    public static long Reduce(long window) => window * BetaTenths / 10;

    /// <summary>The window is about to be reduced: the stage ends, and its window becomes the next plateau (RFC 9438 §4.6 and §4.7).</summary>
    public void End(long window)
    {
        // Fast convergence: a saturation point lower than the one before means that others need room, so a part is given up: (1 + beta)/2.
        _plateau = window < _plateau ? window * (10 + BetaTenths) / 20 : window;
        PriorWindow = window;
        _isStarted = false;
    }

    /// <summary>Persistent congestion: the next stage starts on its own plateau, because the old one says nothing any more (RFC 9438 §4.8).</summary>
    public void Forget()
    {
        _plateau = 0;
        _isStarted = false;
    }

    /// <summary>Time in which the window was not used does not count (RFC 9438 §4.2 and §5.8).</summary>
    public void Skip(long ns)
    {
        if (_isStarted)
        {
            _start += ns;
        }
    }

    /// <summary>The window after <paramref name="acknowledgedBytes"/> in congestion avoidance. The first call starts the stage.</summary>
    public long Grow(long window, long acknowledgedBytes, Instant now, long smoothedRttNs, int frameLength)
    {
        if (!_isStarted)
        {
            Start(window, now, frameLength);
        }

        GrowReno(window, acknowledgedBytes, frameLength);
        long elapsedNs = Math.Clamp(now - _start, 0, DurationLimitNs);
        if (CubicCurve.WindowAt(elapsedNs, _timeToPlateauNs, _plateau, frameLength) < _renoWindow)
        {
            // Reno-friendly region. The window may already be beyond the estimate, since it aims a round trip ahead: it never shrinks here.
            return Math.Max(window, _renoWindow);
        }

        // Concave and convex region: towards the curve of one round trip from now, never backwards and never faster than slow start.
        long aheadNs = elapsedNs + Math.Clamp(smoothedRttNs, 0, DurationLimitNs);
        long ahead = CubicCurve.WindowAt(aheadNs, _timeToPlateauNs, _plateau, frameLength);
        long target = Math.Clamp(ahead, window, window + (window / 2));
        UInt128 growth = ((UInt128)(target - window) * (UInt128)acknowledgedBytes) + (UInt128)_windowRemainder;
        (UInt128 whole, UInt128 rest) = UInt128.DivRem(growth, (UInt128)window);
        _windowRemainder = (long)rest;
        return (long)UInt128.Min((UInt128)target, (UInt128)window + whole);
    }

    private void Start(long window, Instant now, int frameLength)
    {
        _isStarted = true;
        _start = now;
        _renoWindow = window;
        _windowRemainder = 0;
        _renoRemainder = 0;
        if (PriorWindow == 0)
        {
            // Slow start ended without congestion (RFC 9438 §4.10).
            PriorWindow = window;
        }

        _timeToPlateauNs = CubicCurve.TimeToPlateauNs(_plateau, window, frameLength);
        _plateau = Math.Max(_plateau, window);
    }

    /// <summary>W_est += alpha · segments_acked / cwnd, in bytes (RFC 9438 §4.3).</summary>
    private void GrowReno(long window, long acknowledgedBytes, int frameLength)
    {
        int alpha = _renoWindow >= PriorWindow ? AlphaDenominator : AlphaNumerator;
        UInt128 growth = ((UInt128)alpha * (UInt128)acknowledgedBytes * (UInt128)frameLength) + (UInt128)_renoRemainder;
        (UInt128 whole, UInt128 rest) = UInt128.DivRem(growth, AlphaDenominator * (UInt128)window);
        _renoRemainder = (long)rest;
        _renoWindow = (long)UInt128.Min((UInt128)_renoWindow + whole, (UInt128)CubicCurve.WindowLimit);
    }
}
