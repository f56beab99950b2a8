namespace NexStream.Core.Buffers;

/// <summary>
/// One contiguous block of memory cut into equal frames, with a reference count for each. The memory is the host's (native memory
/// shared with a link, or a pinned array); the counts are the core's own, so that nothing a peer process writes can change them.
/// This is the only file of the core that touches memory by address.
/// </summary>
public abstract unsafe class FrameRegion
{
    private readonly byte* _memory;
    private readonly int[] _references;
    private readonly int[] _owners;

    /// <summary>Describes <paramref name="frameCount"/> frames of <paramref name="frameSize"/> bytes that start at <paramref name="memory"/>.</summary>
    /// <param name="memory">The first byte; the host keeps it mapped for as long as the region is registered.</param>
    /// <param name="frameSize">Bytes in a frame.</param>
    /// <param name="frameCount">Frames; at most 2^24.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or there are more frames than 24 bits can name.</exception>
    protected FrameRegion(nint memory, int frameSize, int frameCount)
    {
        ArgumentOutOfRangeException.ThrowIfZero(memory);
        ArgumentOutOfRangeException.ThrowIfLessThan(frameSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(frameCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frameCount, 1 << PayloadSlice.IndexBits);
        _memory = (byte*)memory;
        FrameSize = frameSize;
        FrameCount = frameCount;
        _references = new int[frameCount];
        _owners = new int[frameCount];
    }

    /// <summary>Bytes in a frame.</summary>
    public int FrameSize { get; }

    /// <summary>Frames in the region.</summary>
    public int FrameCount { get; }

    /// <summary>The region's number at its endpoint, or -1 while it is not registered.</summary>
    public int Number { get; internal set; } = -1;

    /// <summary>The bytes of a frame from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The run does not lie inside the frame.</exception>
    public Span<byte> Bytes(int index, int offset, int length)
    {
        if ((uint)index >= (uint)FrameCount || (uint)offset > (uint)FrameSize || (uint)length > (uint)(FrameSize - offset))
        {
            throw new ArgumentOutOfRangeException(nameof(index), $"Bytes {offset}+{length} of frame {index} are not inside {FrameCount} frames of {FrameSize} bytes.");
        }

        return new Span<byte>(_memory + ((long)index * FrameSize) + offset, length);
    }

    /// <summary>Whether the slice lies inside one frame of this region: asked once of everything that a link hands over.</summary>
    public bool Contains(in PayloadSlice slice) =>
        (uint)slice.Index < (uint)FrameCount && (uint)slice.Offset <= (uint)FrameSize && (uint)slice.Length <= (uint)(FrameSize - slice.Offset);

    internal ref int References(int index) => ref _references[index];

    internal ref int Owner(int index) => ref _owners[index];

    /// <summary>The last reference to a frame is gone.</summary>
    protected internal abstract void OnUnreferenced(int index);

    /// <summary>A link handed over a reference to a frame of this region.</summary>
    protected internal virtual void OnReceived(int index)
    {
    }
}
