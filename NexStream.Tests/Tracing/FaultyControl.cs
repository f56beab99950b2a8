using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Tracing;

/// <summary>A congestion controller with a fault, for what looks for faults: it cannot bear a second loss.</summary>
internal sealed class FaultyControl : ICongestionController
{
    public const string ControllerName = "faulty";

    private readonly NoCongestionControl _control = new();
    private int _losses;

    public string Name => ControllerName;

    public long CongestionWindow => _control.CongestionWindow;

    public long SlowStartThreshold => _control.SlowStartThreshold;

    public long PacingRate => _control.PacingRate;

    public long DeliveryRate => _control.DeliveryRate;

    public long QueueingDelayNs => _control.QueueingDelayNs;

    public void Reset(in CongestionParameters parameters)
    {
        _control.Reset(parameters);
        _losses = 0;
    }

    public void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited) =>
        _control.OnPacketsSent(now, bytes, bytesInFlight, packetNumber, isApplicationLimited);

    public void OnAcknowledged(in AcknowledgedBatch batch) => _control.OnAcknowledged(batch);

    public void OnLost(in LostBatch batch)
    {
        if (++_losses == 2)
        {
            throw new FaultException();
        }
    }

    public void OnCongestionExperienced(Instant now, Instant sentAt, ulong newCeCount) => _control.OnCongestionExperienced(now, sentAt, newCeCount);

    public void OnSpuriousLoss(Instant now, Instant sentAt, long bytes) => _control.OnSpuriousLoss(now, sentAt, bytes);

    public void OnFrameLengthChanged(int frameLength) => _control.OnFrameLengthChanged(frameLength);

    /// <summary>The fault.</summary>
    internal sealed class FaultException : Exception;
}
