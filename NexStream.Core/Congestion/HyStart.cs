using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// HyStart++ (RFC 9406): leaves the first slow start when round trips grow longer, before the queue overflows. It then grows four times more slowly
/// for five rounds (Conservative Slow Start), and goes back if the delay turns out to have been none. Packets are paced, so its limit L
/// on growth per acknowledgement is infinite (§4.3).
/// </summary>
internal struct HyStart
{
    // RFC 9406 §4.3, by the names that it gives them.
    private const long MinRttThreshNs = 4 * Instant.Millisecond;
    private const long MaxRttThreshNs = 16 * Instant.Millisecond;
    private const int MinRttDivisor = 8;
    private const int NRttSample = 8;
    private const int CssGrowthDivisor = 4;
    private const int CssRounds = 5;

    private long _lastRoundMinRttNs;
    private long _currentRoundMinRttNs;
    private long _baselineMinRttNs;
    private int _samples;
    private int _conservativeRounds;
    private ulong _windowEnd;
    private bool _isRoundStarted;

    /// <summary>Whether growth is slowed down because round trips grew longer.</summary>
    public bool IsConservative { get; private set; }

    /// <summary>A new path.</summary>
    public static HyStart Create() => new() { _lastRoundMinRttNs = long.MaxValue, _currentRoundMinRttNs = long.MaxValue };

    /// <summary>How much of what was acknowledged the window grows by.</summary>
    public readonly long Growth(long acknowledgedBytes) => IsConservative ? acknowledgedBytes / CssGrowthDivisor : acknowledgedBytes;

    /// <summary>Takes in an acknowledgement during the first slow start (§4.2). True: slow start is over.</summary>
    public bool OnAcknowledged(in AcknowledgedBatch batch)
    {
        bool isOver = false;
        if (!_isRoundStarted || batch.LargestAcknowledged > _windowEnd)
        {
            isOver = IsConservative && ++_conservativeRounds >= CssRounds;
            _isRoundStarted = true;
            _windowEnd = batch.LargestSent;
            _lastRoundMinRttNs = _currentRoundMinRttNs;
            _currentRoundMinRttNs = long.MaxValue;
            _samples = 0;
        }

        if (batch.RttSampleNs > 0)
        {
            _currentRoundMinRttNs = Math.Min(_currentRoundMinRttNs, batch.RttSampleNs);
            _samples++;
        }

        if (_samples >= NRttSample)
        {
            Judge();
        }

        return isOver;
    }

    private void Judge()
    {
        if (IsConservative)
        {
            if (_currentRoundMinRttNs < _baselineMinRttNs)
            {
                // The longer round trips were none of the queue's: slow start goes on.
                IsConservative = false;
            }

            return;
        }

        if (_lastRoundMinRttNs == long.MaxValue)
        {
            return;
        }

        long threshNs = Math.Clamp(_lastRoundMinRttNs / MinRttDivisor, MinRttThreshNs, MaxRttThreshNs);
        if (_currentRoundMinRttNs >= _lastRoundMinRttNs + threshNs)
        {
            IsConservative = true;
            _baselineMinRttNs = _currentRoundMinRttNs;
            _conservativeRounds = 0;
        }
    }
}
