namespace NexStream.Core.Congestion.Bbr;

/// <summary>BBR.bw_shortterm and BBR.inflight_shortterm: what losses since the last probe say is safe (draft-ietf-ccwg-bbr §5.5.10.3).</summary>
internal struct ShortTermModel
{
    /// <summary>BBR.bw_shortterm in bytes per second; <see cref="BbrConstants.Unlimited"/>: not bounded.</summary>
    public long Bandwidth { get; private set; }

    /// <summary>BBR.inflight_shortterm in bytes; <see cref="BbrConstants.Unlimited"/>: not bounded.</summary>
    public long Inflight { get; private set; }

    /// <summary>ResetShortTermModel().</summary>
    public void Reset()
    {
        Bandwidth = BbrConstants.Unlimited;
        Inflight = BbrConstants.Unlimited;
    }

    /// <summary>InitLowerBounds() and LossLowerBounds(): slows down to what was delivered, but in one step not below 0.7 of what it was.</summary>
    public void Lower(long bandwidthLatest, long inflightLatest, long maxBandwidth, long window)
    {
        Bandwidth = Bandwidth == BbrConstants.Unlimited ? maxBandwidth : Bandwidth;
        Inflight = Inflight == BbrConstants.Unlimited ? window : Inflight;
        Bandwidth = Math.Max(bandwidthLatest, BbrConstants.Beta.Times(Bandwidth));
        Inflight = Math.Max(inflightLatest, BbrConstants.Beta.Times(Inflight));
    }

    /// <summary>Raises both to at least what they were (§5.5.11.2).</summary>
    public void Restore(in ShortTermModel saved)
    {
        Bandwidth = Math.Max(Bandwidth, saved.Bandwidth);
        Inflight = Math.Max(Inflight, saved.Inflight);
    }
}
