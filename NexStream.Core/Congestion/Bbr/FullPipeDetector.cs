namespace NexStream.Core.Congestion.Bbr;

/// <summary>Notices that sending faster no longer makes the path deliver faster (draft-ietf-ccwg-bbr §5.3.1.2).</summary>
internal struct FullPipeDetector
{
    private long _baseline;

    /// <summary>BBR.full_bw_count: rounds without much growth.</summary>
    public int Count { get; private set; }

    /// <summary>BBR.full_bw_now: the pipe is full since it was last looked at.</summary>
    public bool IsNow { get; private set; }

    /// <summary>BBR.full_bw_reached: the pipe has been full.</summary>
    public bool IsReached { get; private set; }

    /// <summary>ResetFullBW(), with the rate that growth is measured from.</summary>
    public void Restart(long baseline = 0)
    {
        _baseline = baseline;
        Count = 0;
        IsNow = false;
    }

    /// <summary>CheckFullBWReached(). What is no sample says nothing about growth.</summary>
    public void Update(in RateSample sample, bool isRoundStart)
    {
        if (IsNow || !isRoundStart || sample.IsApplicationLimited || sample.DeliveryRate == 0)
        {
            return;
        }

        if (sample.DeliveryRate >= BbrConstants.FullPipeGrowth.Times(_baseline))
        {
            Restart(sample.DeliveryRate);
            return;
        }

        Count++;
        if (Count >= BbrConstants.FullPipeRounds)
        {
            OnFull();
        }
    }

    /// <summary>The pipe is full: growth or loss says so.</summary>
    public void OnFull()
    {
        IsNow = true;
        IsReached = true;
    }

    /// <summary>It was not full: the loss that said so was none (§5.5.11.2).</summary>
    public void Forget() => IsReached = false;
}
