using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Audit;

/// <summary>Counts the references that the core's records have to the arena's frames, and holds them against the frames' own counts.</summary>
internal sealed class FrameAudit(EndpointState state)
{
    private readonly int[] _references = new int[state.Frames.Arena.FrameCount];
    private readonly int[] _held = new int[state.Connections.Length];

    public void Begin()
    {
        Array.Clear(_references);
        Array.Clear(_held);
    }

    /// <summary>A record refers to a frame; one of a peer's is none of this arena's.</summary>
    public void Count(uint frame)
    {
        if (frame != PayloadSlice.NoFrame && frame >> PayloadSlice.IndexBits == 0)
        {
            _references[frame]++;
        }
    }

    /// <summary>Walks a list of runs; returns their bytes and counts their records.</summary>
    public long CountRuns(in ChunkList list, ref int chunks)
    {
        long bytes = 0;
        int last = Slab<Chunk>.None;
        for (int i = list.Head; i >= 0; i = state.Store.Chunks[i].Next)
        {
            bytes += CountSlice(state.Store.Chunks[i].Slice);
            last = i;
            chunks++;
        }

        Invariant.Demand(list.Tail == last, "A list's tail is the last of what its head leads to.");
        return bytes;
    }

    /// <summary>Counts a run; returns its bytes.</summary>
    public int CountSlice(in PayloadSlice slice)
    {
        Invariant.Demand(slice.Length > 0, "A run that is kept has bytes.");
        Invariant.Demand(state.Frames.Contains(slice), "A run lies inside a frame that is registered.");
        Count(slice.Frame);
        return slice.Length;
    }

    /// <summary>
    /// Every frame has as many references as records, applications and links hold, and every connection is charged for what it holds.
    /// </summary>
    /// <param name="heldByLinks">For each frame of the arena, the references that links have.</param>
    public void Compare(ReadOnlySpan<int> heldByLinks)
    {
        int free = 0;
        for (int i = 0; i < _references.Length; i++)
        {
            ref FrameRecord record = ref state.Frames.Arena.Records[i];
            int expected = _references[i] + record.Lent + heldByLinks[i];
            if (record.References != expected)
            {
                throw new InvariantException(
                    $"Frame {i} has {record.References} references; records have {_references[i]}, the application {record.Lent}, links {heldByLinks[i]}.");
            }

            free += expected == 0 ? 1 : 0;
            if (expected > 0 && record.Owner != FrameTable.Nobody)
            {
                _held[record.Owner]++;
            }
        }

        Invariant.Demand(free == state.Frames.Arena.FreeCount, "A frame is free when nobody refers to it, and only then.");
        state.Frames.CountPeerFrames(_held);
        foreach (Connection connection in state.Connections)
        {
            int held = state.Frames.HeldBy(connection.Index);
            if (held != _held[connection.Index])
            {
                throw new InvariantException($"Connection {connection.Index} is charged for {held} frames and holds {_held[connection.Index]}.");
            }
        }
    }
}
