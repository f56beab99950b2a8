using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Support;

/// <summary>A window that never changes, and nothing is paced.</summary>
internal sealed class FixedWindow(long window) : ICongestionController
{
    public string Name => "fixed";

    public long CongestionWindow => window;

    public long SlowStartThreshold => 0;

    public long PacingRate => 0;

    public long DeliveryRate => 0;

    public long QueueingDelayNs => 0;

    public void Reset(in CongestionParameters parameters)
    {
    }

    public void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited)
    {
    }

    public void OnAcknowledged(in AcknowledgedBatch batch)
    {
    }

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
