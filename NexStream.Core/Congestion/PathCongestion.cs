using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// The congestion controller of one path, with the window and the rate that it answered last. They change only in the calls that tell the
/// controller something, so that they are asked for after each of these and not for every decision of the path.
/// </summary>
internal struct PathCongestion
{
    public ICongestionController Controller { get; private set; }

    /// <summary>Bytes that may be in flight.</summary>
    public long Window { get; private set; }

    /// <summary>Bytes per second; 0 or less: packets are not paced.</summary>
    public long PacingRate { get; private set; }

    /// <summary>The controller that serves the path from now on; it is asked for nothing before it was reset.</summary>
    public void Use(ICongestionController controller) => Controller = controller;

    public void Reset(in CongestionParameters parameters)
    {
        Controller.Reset(parameters);
        Ask();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited)
    {
        Controller.OnPacketsSent(now, bytes, bytesInFlight, packetNumber, isApplicationLimited);
        Ask();
    }

    public void OnAcknowledged(in AcknowledgedBatch batch)
    {
        Controller.OnAcknowledged(batch);
        Ask();
    }

    /// <summary>Is followed by <see cref="OnLost"/>, before anything is decided.</summary>
    public readonly void OnPacketLost(in LostPacket packet) => Controller.OnPacketLost(packet);

    public void OnLost(in LostBatch batch)
    {
        Controller.OnLost(batch);
        Ask();
    }

    public void OnCongestionExperienced(Instant now, Instant sentAt, ulong newCeCount)
    {
        Controller.OnCongestionExperienced(now, sentAt, newCeCount);
        Ask();
    }

    public void OnSpuriousLoss(Instant now, Instant sentAt, long bytes)
    {
        Controller.OnSpuriousLoss(now, sentAt, bytes);
        Ask();
    }

    public void OnFrameLengthChanged(int frameLength)
    {
        Controller.OnFrameLengthChanged(frameLength);
        Ask();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ask()
    {
        Window = Controller.CongestionWindow;
        PacingRate = Controller.PacingRate;
    }
}
