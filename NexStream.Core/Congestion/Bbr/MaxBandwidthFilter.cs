namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// BBR.max_bw_filter (draft-ietf-ccwg-bbr §5.5.3 to §5.5.6): the largest sample of this probing cycle and the one before (BBR.MaxBwFilterLen = 2).
/// </summary>
internal struct MaxBandwidthFilter
{
    private long _previous;
    private long _current;

    /// <summary>BBR.max_bw in bytes per second.</summary>
    public readonly long Max => Math.Max(_previous, _current);

    /// <summary>UpdateMaxBw() (§5.5.5): what the application limited counts only when it shows that the estimate is too low (§5.5.4).</summary>
    public void Update(in RateSample sample)
    {
        if (sample.DeliveryRate >= Max || !sample.IsApplicationLimited)
        {
            _current = Math.Max(_current, sample.DeliveryRate);
        }
    }

    /// <summary>AdvanceMaxBwFilter() (§5.5.6). A cycle without a sample says nothing, and takes no old one away.</summary>
    public void Advance()
    {
        if (_current > 0)
        {
            _previous = _current;
            _current = 0;
        }
    }
}
