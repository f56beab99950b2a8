using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Swarm.Oracles;

namespace NexStream.Swarm.Hosts;

/// <summary>
/// The references that a host's link, and its peers over shared memory, have to frames of its arena. A link that is slow gives them back late: until then
/// the bytes must not change.
/// </summary>
internal sealed class LinkHolds(Endpoint endpoint)
{
    private readonly int[] _count = new int[endpoint.Arena.FrameCount];
    private readonly Queue<(long Until, PayloadSlice Slice, ulong Hash)> _late = new();

    /// <summary>For each frame, how many there are.</summary>
    public ReadOnlySpan<int> Counts => _count;

    /// <summary>How many there are in all.</summary>
    public int Total { get; private set; }

    /// <summary>When the next is given back by itself.</summary>
    public long NextAt => _late.TryPeek(out (long Until, PayloadSlice Slice, ulong Hash) next) ? next.Until : long.MaxValue;

    /// <summary>A link was given a slice to send.</summary>
    public void Add(in PayloadSlice slice)
    {
        _count[slice.Index]++;
        Total++;
    }

    /// <summary>It reads the slice until some time.</summary>
    public void KeepUntil(long until, in PayloadSlice slice) => _late.Enqueue((until, slice, Pattern.HashOf(endpoint.Bytes(slice))));

    /// <summary>Gives holds back.</summary>
    public void Release(uint frame, int holds)
    {
        _count[frame & ((1u << PayloadSlice.IndexBits) - 1)] -= holds;
        Total -= holds;
        endpoint.ReleaseFrame(frame, holds);
    }

    /// <summary>Gives back what has been read by now.</summary>
    public void ReleaseDue(long now)
    {
        while (NextAt <= now)
        {
            (_, PayloadSlice slice, ulong hash) = _late.Dequeue();
            ImmutabilityRules.Check(endpoint.Bytes(slice), hash, (uint)slice.Index, "a link");
            Release(slice.Frame, 1);
        }
    }
}
