using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>No congestion control: the window never limits, nothing is paced, and nothing that happens changes that.</summary>
internal sealed class NoCongestionControl : ICongestionController
{
    public const string ControllerName = "none";

    private PathEstimate _estimate;

    public string Name => ControllerName;

    /// <summary>A quarter of the range, so that sums of windows and bytes in flight cannot overflow.</summary>
    public long CongestionWindow => long.MaxValue / 4;

    public long SlowStartThreshold => long.MaxValue;

    public long PacingRate => 0;

    public long DeliveryRate => _estimate.DeliveryRate;

    public long QueueingDelayNs => _estimate.QueueingDelayNs;

    public void Reset(in CongestionParameters parameters) => _estimate = default;

    public void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited)
    {
    }

    public void OnAcknowledged(in AcknowledgedBatch batch) => _estimate.Update(batch);

    public void OnLost(in LostBatch batch)
    {
    }

    public void OnCongestionExperienced(Instant now, Instant sentAt, ulong newCeCount)
    {
    }

    public void OnSpuriousLoss(Instant now, Instant sentAt, long bytes)
    {
    }

    public void OnFrameLengthChanged(int frameLength)
    {
    }
}
