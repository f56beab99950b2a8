using HdrHistogram;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Demo;

/// <summary>Latencies and the time from the first send to the last delivery.</summary>
internal sealed class LatencyMeter
{
    /// <summary>A minute: longer than any run lets a message wait.</summary>
    private const long MaxNs = 60 * Instant.Second;

    private readonly LongHistogram _histogram = new(1, MaxNs, numberOfSignificantValueDigits: 3);
    private Instant _first = Instant.Never;
    private Instant _last;

    public void OnSend(Instant now) => _first = Instant.Min(_first, now);

    public void OnDelivery(Instant sent, Instant now)
    {
        _histogram.RecordValue(Math.Clamp(now - sent, 1, MaxNs));
        _last = Instant.Max(_last, now);
    }

    public double PercentileUs(double percentile) =>
        _histogram.TotalCount == 0 ? 0 : _histogram.GetValueAtPercentile(percentile) / (double)Instant.Microsecond;

    /// <summary>10^6 bits per second.</summary>
    public double GoodputMbps(long bytes)
    {
        long ns = _histogram.TotalCount == 0 ? 0 : _last - _first;
        return ns <= 0 ? 0 : bytes * 8.0 * Instant.Second / ns / 1e6;
    }
}
