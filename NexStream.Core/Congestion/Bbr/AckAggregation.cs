using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// BBR.extra_acked (draft-ietf-ccwg-bbr §5.5.9): how much more is acknowledged at once than the bandwidth explains. So much more must be in
/// flight for the sender not to stop between acknowledgements.
/// </summary>
internal struct AckAggregation
{
    private MaxOverRounds _filter;
    private Instant _intervalStart;
    private long _delivered;

    /// <summary>BBR.extra_acked in bytes.</summary>
    public long ExtraAcked { get; private set; }

    /// <summary>A new interval begins: at the start, and after idleness (§5.4.1).</summary>
    public void StartInterval(Instant now) => _intervalStart = now;

    /// <summary>UpdateACKAggregation().</summary>
    public void Update(BbrState state)
    {
        long expected = Arithmetic.Volume(state.Bandwidth, Math.Max(0, state.Now - _intervalStart));
        if (_delivered <= expected)
        {
            // Acknowledgements come no faster than the bandwidth: an episode of aggregation, if there was one, is over.
            _delivered = 0;
            _intervalStart = state.Now;
            expected = 0;
        }

        _delivered = Math.Min(_delivered + state.Sample.NewlyAcknowledged, BbrConstants.WindowLimit);
        long extra = Math.Clamp(_delivered - expected, 0, state.Window);
        _filter.Update(state.Round.Count, extra);
        ExtraAcked = _filter.Max(state.FullPipe.IsReached ? BbrConstants.ExtraAckedFilterRounds : BbrConstants.ExtraAckedFilterRoundsInStartup);
    }
}
