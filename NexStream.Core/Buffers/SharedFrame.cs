namespace NexStream.Core.Buffers;

/// <summary>
/// A frame that small payloads share, one behind the other: payloads of up to <see cref="PayloadStore.SmallLengthMax"/> bytes would waste one each (design, memory). It has
/// a reference for itself, as long as there is room for more, and each payload has one.
/// </summary>
internal struct SharedFrame
{
    private int _used;

    /// <summary>The frame, or <see cref="PayloadSlice.NoFrame"/>.</summary>
    public uint Frame { get; private set; }

    public static SharedFrame None => new() { Frame = PayloadSlice.NoFrame };

    /// <summary>A run behind the others, with a reference; a new frame is taken where this one is full. False: there is none, or no more for its owner.</summary>
    /// <param name="frames">The frames.</param>
    /// <param name="length">Bytes of the run.</param>
    /// <param name="owner">The connection that is charged.</param>
    /// <param name="framesMax">How many frames it may hold.</param>
    /// <param name="slice">The run.</param>
    public bool TryTake(FrameTable frames, int length, int owner, int framesMax, out PayloadSlice slice)
    {
        if (Frame == PayloadSlice.NoFrame || _used + length > frames.FrameSize)
        {
            if (frames.FrameSize < length || frames.HeldBy(owner) >= framesMax || !frames.TryAllocate(owner, out uint fresh))
            {
                slice = default;
                return false;
            }

            Drop(frames);
            Frame = fresh;
        }

        slice = new PayloadSlice(Frame, _used, length);
        _used += length;
        frames.AddReference(Frame);
        return true;
    }

    /// <summary>Lets go of the frame; the payloads in it keep it.</summary>
    public void Drop(FrameTable frames)
    {
        if (Frame != PayloadSlice.NoFrame)
        {
            frames.Release(Frame);
        }

        this = None;
    }

    /// <summary>Lets go of it where no payload is left in it.</summary>
    public void DropIfEmpty(FrameTable frames)
    {
        if (Frame != PayloadSlice.NoFrame && frames.IsHeldOnce(Frame))
        {
            Drop(frames);
        }
    }
}
