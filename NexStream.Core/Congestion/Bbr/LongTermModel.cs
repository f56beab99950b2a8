using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>BBR.inflight_longterm: how much in flight the path bears without too much loss (draft-ietf-ccwg-bbr §5.3.3.9 and §5.5.10.2).</summary>
internal struct LongTermModel
{
    private int _upRounds;
    private long _upAcked;
    private long _ackedPerIncrement;

    /// <summary>BBR.inflight_longterm in bytes; <see cref="BbrConstants.Unlimited"/>: not known.</summary>
    public long Inflight { get; private set; }

    /// <summary>Whether it is known.</summary>
    public readonly bool IsKnown => Inflight != BbrConstants.Unlimited;

    public static LongTermModel Start() => new() { Inflight = BbrConstants.Unlimited, _ackedPerIncrement = BbrConstants.Unlimited };

    /// <summary>So much was in flight when it became too much, or was safe.</summary>
    public void Set(long inflight) => Inflight = Math.Clamp(inflight, 0, BbrConstants.WindowLimit);

    /// <summary>So much was in flight, and it was not too much.</summary>
    public void RaiseTo(long inflight)
    {
        if (IsKnown)
        {
            Set(Math.Max(Inflight, inflight));
        }
    }

    /// <summary>Raises it to at least what it was (§5.5.11.2).</summary>
    public void Restore(in LongTermModel saved) => Inflight = Math.Max(Inflight, saved.Inflight);

    /// <summary>A probe is prepared: growth begins anew with one packet in a round trip.</summary>
    public void ResetGrowth()
    {
        _upRounds = 0;
        _upAcked = 0;
    }

    /// <summary>It does not grow.</summary>
    public void StopGrowth() => _ackedPerIncrement = BbrConstants.Unlimited;

    /// <summary>RaiseInflightLongtermSlope(): in each round trip twice the packets of the one before.</summary>
    public void Steepen(long window, int frameLength)
    {
        long growth = 1L << _upRounds;
        _upRounds = Math.Min(_upRounds + 1, BbrConstants.ProbeUpRoundsMax);
        _ackedPerIncrement = Math.Max(window / growth, frameLength);
    }

    /// <summary>ProbeInflightLongtermUpward(), when the window is full and is what this bound allows.</summary>
    public void Grow(long acknowledgedBytes, bool isRoundStart, long window, int frameLength)
    {
        _upAcked = Math.Min(_upAcked + acknowledgedBytes, BbrConstants.WindowLimit);
        if (_upAcked >= _ackedPerIncrement)
        {
            long delta = _upAcked / _ackedPerIncrement;
            _upAcked -= delta * _ackedPerIncrement;
            Set(Inflight + Math.Min(Arithmetic.MultiplyDivide(delta, frameLength, 1), BbrConstants.WindowLimit));
        }

        if (isRoundStart)
        {
            Steepen(window, frameLength);
        }
    }

    /// <summary>InflightWithHeadroom(): leaves room in the path for others.</summary>
    public readonly long WithHeadroom(int frameLength)
    {
        if (!IsKnown)
        {
            return BbrConstants.Unlimited;
        }

        long headroom = Math.Max(frameLength, BbrConstants.Headroom.Times(Inflight));
        return Math.Max(Inflight - headroom, (long)BbrConstants.MinPipeFrames * frameLength);
    }
}
