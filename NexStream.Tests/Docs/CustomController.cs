using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Docs;

#region CONTROLLER
/// <summary>Additive increase, multiplicative decrease: a packet more each round trip, half after a loss. RFC 5681 without its slow start.</summary>
internal sealed class AdditiveIncrease : ICongestionController
{
    private int _frameLength;
    private long _acknowledged;
    private Instant _reducedAt;

    public string Name => "aimd";

    public long CongestionWindow { get; private set; }

    public long SlowStartThreshold => 0;

    /// <summary>A quarter more than the window in each round trip, as RFC 9002 §7.7 suggests; 0 until the round trip is known.</summary>
    public long PacingRate { get; private set; }

    public long DeliveryRate { get; private set; }

    public long QueueingDelayNs { get; private set; }

    public void Reset(in CongestionParameters parameters)
    {
        _frameLength = parameters.FrameLength;
        CongestionWindow = parameters.InitialWindow;
        PacingRate = 0;
        DeliveryRate = 0;
        QueueingDelayNs = 0;
        _acknowledged = 0;
        _reducedAt = new Instant(long.MinValue);
    }

    public void OnAcknowledged(in AcknowledgedBatch batch)
    {
        // A window that was not used was not tested: it must not grow (RFC 9002 §7.8).
        _acknowledged += batch.IsApplicationLimited ? 0 : batch.AcknowledgedBytes;
        if (_acknowledged >= CongestionWindow)
        {
            _acknowledged = 0;
            CongestionWindow += _frameLength;
        }

        DeliveryRate = batch.DeliveryRate > 0 ? batch.DeliveryRate : DeliveryRate;
        QueueingDelayNs = Math.Max(0, batch.LatestRttNs - batch.MinRttNs);
        PacingRate = batch.SmoothedRttNs == 0 ? 0 : CongestionWindow * 5 / 4 * Instant.Millisecond / Math.Max(1, batch.SmoothedRttNs / 1000);
    }

    public void OnLost(in LostBatch batch) => Reduce(batch.LargestLostSentAt, batch.Now);

    public void OnCongestionExperienced(Instant now, Instant sentAt, ulong newCeCount) => Reduce(sentAt, now);

    public void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited)
    {
        // Nothing follows from sending.
    }

    public void OnSpuriousLoss(Instant now, Instant sentAt, long bytes)
    {
        // What was given up comes back by itself.
    }

    public void OnFrameLengthChanged(int frameLength)
    {
        _frameLength = frameLength;
        CongestionWindow = Math.Max(CongestionWindow, CongestionParameters.MinimumWindowFor(frameLength));
    }

    private void Reduce(Instant sentAt, Instant now)
    {
        // What left before the last reduction belongs to the same congestion (RFC 9002 §7.3.2).
        if (sentAt > _reducedAt)
        {
            _reducedAt = now;
            CongestionWindow = Math.Max(CongestionWindow / 2, CongestionParameters.MinimumWindowFor(_frameLength));
        }
    }
}

/// <summary>Makes them, as many as the endpoint can have paths.</summary>
internal sealed class AdditiveIncreaseFactory : ICongestionControllerFactory
{
    public string Name => "aimd";

    public ICongestionController Create() => new AdditiveIncrease();
}
#endregion
