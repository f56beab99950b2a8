using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Tool.Throughput;

/// <summary>What happened in a second of a measurement.</summary>
/// <param name="FromS">Where it begins, in seconds from the first byte.</param>
/// <param name="ToS">Where it ends.</param>
/// <param name="Bytes">The application's bytes that this end has handed over or read.</param>
/// <param name="Mbps">10^6 bits of them in a second.</param>
/// <param name="Retransmissions">Packets of this end that carried data again.</param>
/// <param name="RttMs">The smoothed round-trip time at the end, in milliseconds.</param>
/// <param name="CwndBytes">The congestion window at the end.</param>
internal sealed record ThroughputInterval(double FromS, double ToS, long Bytes, double Mbps, long Retransmissions, double RttMs, long CwndBytes);

/// <summary>Cuts a measurement into seconds.</summary>
internal sealed class IntervalMeter(ConnectionHandle connection, Action<ThroughputInterval> tell)
{
    private const long LengthNs = Instant.Second;

    private readonly List<ThroughputInterval> _intervals = [];
    private Instant _start = Instant.Never;
    private Instant _begin;
    private ThroughputTotals _before;

    public IReadOnlyList<ThroughputInterval> Intervals => _intervals;

    /// <summary>Looks whether a second is over.</summary>
    public void OnTurn(in ThroughputTotals totals, Instant now, bool isLast)
    {
        if (_start == Instant.Never)
        {
            if (totals.Bytes > 0)
            {
                _start = _begin = now;
            }

            return;
        }

        if (now - _begin >= LengthNs || (isLast && now > _begin && totals.Bytes > _before.Bytes))
        {
            PathStatistics path = connection.Statistics.Path;
            long bytes = totals.Bytes - _before.Bytes;
            ThroughputInterval interval = new(
                (_begin - _start) / (double)Instant.Second,
                (now - _start) / (double)Instant.Second,
                bytes,
                new ThroughputTotals(bytes, 0, now - _begin, 0, 0).Mbps,
                totals.Retransmissions - _before.Retransmissions,
                path.SmoothedRttNs / (double)Instant.Millisecond,
                path.CongestionWindow);
            _intervals.Add(interval);
            tell(interval);
            _begin = now;
            _before = totals;
        }
    }
}
