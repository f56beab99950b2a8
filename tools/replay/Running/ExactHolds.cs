using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Wire;
using NexStream.Replay.Inputs;

namespace NexStream.Replay.Running;

/// <summary>Does exactly what was recorded: the same frames by the same numbers.</summary>
internal sealed class ExactHolds(Endpoint endpoint) : IHolds
{
    // What the arena could not give is noticed by what comes after.
    public void TakeFrame() => endpoint.Arena.TryAllocate(out _);

    public bool TryHandOver(uint frame, out uint actual)
    {
        actual = frame;
        return true;
    }

    public void Release(uint frame, int count) => endpoint.ReleaseFrame(frame, count);

    public void Return(ReadOnlySpan<PayloadSlice> slices) => endpoint.Return(slices);

    public PayloadSlice[] ToSend(FilledSlice[] slices) => [.. slices.Select(part => part.Slice)];

    public void OnTransmitted(ReadOnlySpan<Transmission> burst)
    {
        // The recorded releases say when the link lets go.
    }

    public void OnLent(ReadOnlySpan<PayloadSlice> slices)
    {
        // The recorded calls say what becomes of them.
    }

    public void OnSent(ReadOnlySpan<PayloadSlice> slices)
    {
        // As above.
    }
}
