using System.Runtime.CompilerServices;

namespace NexStream.Core.Buffers;

/// <summary>Where runs go that continue a list.</summary>
internal enum RunPlacement : byte
{
    /// <summary>Small ones fill up the list's last frame, so that a stream of tiny packets that nobody reads costs little more than its bytes.</summary>
    Behind,

    /// <summary>Small ones fill up the list's last frame if it is the list's own, else the frame that they share with those of other lists.</summary>
    Shared,

    /// <summary>All are copied, into frames that they fill up.</summary>
    Together,
}

/// <summary>
/// Decides how received payload is kept. By reference where that is cheap for everybody; by copy where the bytes belong to the caller,
/// where a small payload would pin a whole frame, or where the peer could run out of frames because a reader is slow.
/// </summary>
internal sealed class PayloadKeeper(PayloadStore store)
{
    /// <summary>A payload below this part of its frame is copied into a shared or partly filled one: it would pin sixteen times its size, or more.</summary>
    private const int CompactionPart = 16;

    /// <summary>A run up to this length is copied, wherever it lies.</summary>
    public int CopiedMax { get; } = Math.Max(PayloadStore.SmallLengthMax, store.Frames.FrameSize / CompactionPart);

    /// <summary>Keeps one contiguous run of <paramref name="payload"/>, as a slice with a reference. False: no memory, or more than the connection's share.</summary>
    public bool TryKeep(MemoryShare memory, in InboundPayload payload, int skip, int length, out PayloadSlice kept)
    {
        PayloadSlice source = RunAt(payload, skip, length);
        if (!MustCopy(source))
        {
            kept = source;
            return TryReference(memory, source);
        }

        bool hasRoom = source.Length <= PayloadStore.SmallLengthMax
            ? memory.Received.TryTake(store.Frames, source.Length, memory.Owner, memory.FramesMax, out kept)
            : store.TryTakeWhole(source.Length, memory.Owner, memory.FramesMax, out kept);
        if (hasRoom)
        {
            payload.BytesOf(source, skip, store.Frames)[..kept.Length].CopyTo(store.Frames.Bytes(kept));
        }

        return hasRoom;
    }

    /// <summary>
    /// Appends <paramref name="length"/> bytes that follow what a list ends with. Returns the bytes taken.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Append(MemoryShare memory, ref ChunkList list, in InboundPayload payload, int skip, int length, ulong position, RunPlacement placement = RunPlacement.Behind)
    {
        int taken = 0;
        while (taken < length)
        {
            PayloadSlice source = RunAt(payload, skip + taken, length - taken);
            int kept = placement == RunPlacement.Together || MustCopy(source)
                ? store.Append(
                    ref list, payload.BytesOf(source, skip + taken, store.Frames), position, memory.Owner, ref memory.Received, memory.FramesMax,
                    keepTail: placement != RunPlacement.Shared)
                : TryReference(memory, source) ? Link(ref list, source, position) : 0;
            taken += kept;
            position += (uint)kept;
            if (kept < source.Length)
            {
                break;
            }
        }

        return taken;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PayloadSlice RunAt(in InboundPayload payload, int skip, int length)
    {
        PayloadSlice run = payload.SliceAt(skip);
        return run.Length <= length ? run : run.WithLength(length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MustCopy(in PayloadSlice source) =>
        source.Frame == PayloadSlice.NoFrame || source.Length <= CopiedMax || store.Frames.PeerIsShort(source.Frame);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReference(MemoryShare memory, in PayloadSlice source)
    {
        if (store.Frames.HeldBy(memory.Owner) >= memory.FramesMax)
        {
            return false;
        }

        store.Frames.AddReference(source.Frame);
        store.Frames.Charge(source.Frame, memory.Owner);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Link(ref ChunkList list, in PayloadSlice kept, ulong position)
    {
        if (store.TryLink(ref list, kept, position))
        {
            return kept.Length;
        }

        store.Frames.Release(kept.Frame);
        return 0;
    }
}
