using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>BBR.min_rtt, and when it is time to look for a new one (draft-ietf-ccwg-bbr §5.3.4.3 and §5.5.7).</summary>
internal struct MinRttFilter
{
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

    /// <summary>UpdateMinRTT(). A sample of 0 is none.</summary>
    public void Update(Instant now, long rttNs)
    {
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
