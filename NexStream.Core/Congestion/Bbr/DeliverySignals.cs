namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// What the path delivered in the last round trip, and whether something was lost in it (draft-ietf-ccwg-bbr §5.5.10.3). Its round trips begin
/// anew at the first loss, so that a loss is answered when its whole round is known.
/// </summary>
internal struct DeliverySignals
{
    private long _lossRoundDelivered;

    /// <summary>BBR.bw_latest.</summary>
    public long BandwidthLatest { get; private set; }

    /// <summary>BBR.inflight_latest.</summary>
    public long InflightLatest { get; private set; }

    /// <summary>BBR.loss_round_start.</summary>
    public bool IsRoundStart { get; private set; }

    /// <summary>BBR.is_loss_in_round.</summary>
    public bool IsLossInRound { get; private set; }

    /// <summary>Ranges lost in this round (§5.3.1.3).</summary>
    public int LostRanges { get; private set; }

    /// <summary>Bytes lost in this round, or marked.</summary>
    public long LostBytes { get; private set; }

    /// <summary>Bytes of packets that the network marked in this round.</summary>
    public long MarkedBytes { get; private set; }

    /// <summary>Bytes acknowledged in this round.</summary>
    public long AcknowledgedBytes { get; private set; }

    /// <summary>NoteLoss(), without what is saved for undoing it.</summary>
    public void NoteLoss(long delivered, long bytes, int ranges)
    {
        if (!IsLossInRound)
        {
            _lossRoundDelivered = delivered;
            LostRanges = 0;
        }

        IsLossInRound = true;
        LostBytes = Math.Min(LostBytes + bytes, BbrConstants.WindowLimit);
        LostRanges = Math.Min(LostRanges + Math.Clamp(ranges, 0, BbrConstants.StartupFullLossRanges), BbrConstants.StartupFullLossRanges);
    }

    /// <summary>The network marked packets: each is like a range lost.</summary>
    public void NoteMarks(long delivered, long bytes, int frameLength)
    {
        NoteLoss(delivered, bytes, (int)Math.Min(bytes / frameLength, int.MaxValue));
        MarkedBytes = Math.Min(MarkedBytes + bytes, BbrConstants.WindowLimit);
    }

    /// <summary>UpdateLatestDeliverySignals(), at the start of an acknowledgement.</summary>
    public void Update(in RateSample sample, long delivered)
    {
        BandwidthLatest = Math.Max(BandwidthLatest, sample.DeliveryRate);
        InflightLatest = Math.Max(InflightLatest, sample.Delivered);
        AcknowledgedBytes = Math.Min(AcknowledgedBytes + sample.NewlyAcknowledged, BbrConstants.WindowLimit);
        IsRoundStart = sample.PriorDelivered >= _lossRoundDelivered;
        if (IsRoundStart)
        {
            _lossRoundDelivered = delivered;
        }
    }

    /// <summary>The losses of the round have been answered.</summary>
    public void ClearLoss() => IsLossInRound = false;

    /// <summary>AdvanceLatestDeliverySignals(), at the end of an acknowledgement.</summary>
    public void Advance(in RateSample sample)
    {
        if (IsRoundStart)
        {
            BandwidthLatest = sample.DeliveryRate;
            InflightLatest = sample.Delivered;
            LostRanges = 0;
            LostBytes = 0;
            MarkedBytes = 0;
            AcknowledgedBytes = 0;
        }
    }

    /// <summary>ResetCongestionSignals().</summary>
    public void Reset()
    {
        IsLossInRound = false;
        BandwidthLatest = 0;
        InflightLatest = 0;
        LostBytes = 0;
        MarkedBytes = 0;
        AcknowledgedBytes = 0;
    }
}
