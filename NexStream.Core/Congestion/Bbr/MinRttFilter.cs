using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>BBR.min_rtt, and when it is time to look for a new one (draft-ietf-ccwg-bbr §5.3.4.3 and §5.5.7).</summary>
internal struct MinRttFilter
{
    // A sixty-fourth is less than the 2 % of a round trip that a ProbeRTT may cost (§5.3.4.2).
    private const int NoiseDivisor = 64;

    private Instant _stamp;
    private Instant _probeStamp;
    private long _probeNs;

    /// <summary>BBR.min_rtt in nanoseconds; <see cref="BbrConstants.Unlimited"/> before the first sample.</summary>
    public long Ns { get; private set; }

    /// <summary>BBR.probe_rtt_expired: for five seconds no sample was lower.</summary>
    public bool IsProbeDue { get; private set; }

    /// <summary>Whether there was a sample.</summary>
    public readonly bool HasSample => Ns != BbrConstants.Unlimited;

    public static MinRttFilter Start(Instant now) =>
        new() { _stamp = now, _probeStamp = now, _probeNs = BbrConstants.Unlimited, Ns = BbrConstants.Unlimited };

    /// <summary>
    /// UpdateMinRTT(). A sample of 0 is none. A deviation for Startup: a sample that is hardly higher than the lowest is as good as a lower one. What is
    /// in flight doubles each round trip and the delay stays: the path has no queue that ProbeRTT could drain, and with round trips of half a second it
    /// would stop Startup after eight of them. Later phases must not do so: a flow that began behind a queue would never see it empty.
    /// </summary>
    public void Update(Instant now, long rttNs, bool isStartup)
    {
        if (isStartup && rttNs >= _probeNs && rttNs - _probeNs <= _probeNs / NoiseDivisor)
        {
            _probeStamp = now;
        }

        IsProbeDue = now > _probeStamp + BbrConstants.ProbeRttIntervalNs;
        if (rttNs > 0 && (rttNs < _probeNs || IsProbeDue))
        {
            _probeNs = rttNs;
            _probeStamp = now;
        }

        if (_probeNs < Ns || now > _stamp + BbrConstants.MinRttFilterNs)
        {
            Ns = _probeNs;
            _stamp = _probeStamp;
        }
    }

    /// <summary>The round trip was looked for: the next time is in five seconds.</summary>
    public void OnProbed(Instant now) => _probeStamp = now;
}
