using HdrHistogram;
using NexStream.Core.Primitives;

namespace NexStream.Simulator.Links;

/// <summary>How long the frames of each flow waited in a queue.</summary>
internal sealed class QueueMeter
{
    // To a thousandth, up to ten minutes, in microseconds.
    private const int Digits = 3;
    private const long LongestUs = 600_000_000;

    private readonly LongHistogram[] _waits;

    public QueueMeter(int flows)
    {
        _waits = new LongHistogram[flows];
        for (int i = 0; i < flows; i++)
        {
            _waits[i] = new LongHistogram(LongestUs, Digits);
        }
    }

    /// <summary>A frame left the queue after so long.</summary>
    public void OnLeft(int flow, long waitedNs) => _waits[flow].RecordValue(Math.Min(waitedNs / Instant.Microsecond, LongestUs));

    /// <summary>The 99th percentile of a flow, in milliseconds; 0 where it sent nothing.</summary>
    public double Percentile99Ms(int flow) => _waits[flow].TotalCount == 0 ? 0 : _waits[flow].GetValueAtPercentile(99) / 1000.0;

    /// <summary>Forgets what was: start-up is not to count.</summary>
    public void Reset()
    {
        foreach (LongHistogram waits in _waits)
        {
            waits.Reset();
        }
    }
}
