namespace NexStream.Core.Buffers;

/// <summary>
/// Decides how received payload is kept. By reference where that is cheap for everybody; by copy where the bytes belong to the caller,
/// where a small payload would pin a whole frame, or where the peer could run out of frames because a reader is slow.
/// </summary>
internal sealed class PayloadKeeper(PayloadStore store)
{
    /// <summary>A payload below this part of its frame is copied into a shared or partly filled one: it would pin eight times its size.</summary>
    private const int CompactionPart = 8;

    /// <summary>Keeps one contiguous run of <paramref name="payload"/>, as a slice with a reference. False: no memory, or more than the connection's share.</summary>
    public bool TryKeep(MemoryShare memory, in InboundPayload payload, int skip, int length, out PayloadSlice kept)
    {
        ReadOnlySpan<byte> bytes = payload.RunAt(skip, store.Frames, out PayloadSlice source);
        bytes = bytes[..Math.Min(bytes.Length, length)];
        if (!MustCopy(source.Frame, bytes.Length))
        {
            if (store.Frames.HeldBy(memory.Owner) >= memory.FramesMax)
            {
                kept = default;
                return false;
            }

            kept = source with { Length = bytes.Length };
            store.Frames.AddReference(kept.Frame);
            store.Frames.Charge(kept.Frame, memory.Owner);
            return true;
        }

        bool hasRoom = bytes.Length <= PayloadStore.SmallLengthMax
            ? store.TryTakeShared(bytes.Length, memory.Owner, ref memory.Received, memory.FramesMax, out kept)
            : store.TryTakeWhole(bytes.Length, memory.Owner, memory.FramesMax, out kept);
        if (hasRoom)
        {
            bytes[..kept.Length].CopyTo(store.Frames.Bytes(kept));
        }

        return hasRoom;
    }

    /// <summary>
    /// Appends <paramref name="length"/> bytes that follow what a list ends with. Small runs fill up the list's last frame, so that a stream of tiny packets
    /// that nobody reads costs little more than its bytes. Returns the bytes taken.
    /// </summary>
    public int Append(MemoryShare memory, ref ChunkList list, in InboundPayload payload, int skip, int length, ulong position)
    {
        int taken = skip;
        int end = skip + length;
        while (taken < end)
        {
            ReadOnlySpan<byte> bytes = payload.RunAt(taken, store.Frames, out PayloadSlice source);
            bytes = bytes[..Math.Min(bytes.Length, end - taken)];
            if (MustCopy(source.Frame, bytes.Length))
            {
                int copied = store.Append(ref list, bytes, position, memory.Owner, ref memory.Received, memory.FramesMax, keepTail: true);
                taken += copied;
                position += (uint)copied;
                if (copied < bytes.Length)
                {
                    break;
                }

                continue;
            }

            if (!TryKeep(memory, payload, taken, bytes.Length, out PayloadSlice kept))
            {
                break;
            }

            if (!store.TryLink(ref list, kept, position))
            {
                store.Frames.Release(kept.Frame);
                break;
            }

            taken += kept.Length;
            position += (uint)kept.Length;
        }

        return taken - skip;
    }

    private bool MustCopy(uint frame, int length) =>
        frame == PayloadSlice.NoFrame
        || length <= Math.Max(PayloadStore.SmallLengthMax, store.Frames.FrameSize / CompactionPart)
        || store.Frames.PeerIsShort(frame);
}
