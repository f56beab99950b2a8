using NexStream.Core.Buffers;
using NexStream.Core.Wire;
using NexStream.Replay.Inputs;

namespace NexStream.Replay.Running;

/// <summary>What host, link and application did with references to frames, done again.</summary>
internal interface IHolds
{
    /// <summary>The host takes a frame of the arena.</summary>
    void TakeFrame();

    /// <summary>The host's frame goes to the endpoint with a packet. False: there is none, and the packet goes without.</summary>
    bool TryHandOver(uint frame, out uint actual);

    /// <summary>A link gives references back.</summary>
    void Release(uint frame, int count);

    /// <summary>The application gives slices back.</summary>
    void Return(ReadOnlySpan<PayloadSlice> slices);

    /// <summary>The slices that the application sends; none: it has none.</summary>
    PayloadSlice[] ToSend(FilledSlice[] slices);

    /// <summary>Packets went out: a link holds what they name.</summary>
    void OnTransmitted(ReadOnlySpan<Transmission> burst);

    /// <summary>The application holds slices.</summary>
    void OnLent(ReadOnlySpan<PayloadSlice> slices);

    /// <summary>It holds them no longer.</summary>
    void OnSent(ReadOnlySpan<PayloadSlice> slices);
}
