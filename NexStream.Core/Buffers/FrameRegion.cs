using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>
/// One contiguous block of memory cut into equal frames, with a reference count for each. The memory is the host's (native memory
/// shared with a link, or a pinned array); the counts are the core's own, so that nothing a peer process writes can change them.
/// This is the only file of the core that touches memory by address.
/// </summary>
public abstract unsafe class FrameRegion
{
    private readonly byte* _memory;
    private readonly FrameRecord[] _records;

    /// <summary>Describes <paramref name="frameCount"/> frames of <paramref name="frameSize"/> bytes that start at <paramref name="memory"/>.</summary>
    /// <param name="memory">The first byte; the host keeps it mapped for as long as the region is registered.</param>
    /// <param name="frameSize">Bytes in a frame.</param>
    /// <param name="frameCount">Frames; at most 2^24.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or there are more frames than 24 bits can name.</exception>
    private protected FrameRegion(nint memory, int frameSize, int frameCount)
    {
        ArgumentOutOfRangeException.ThrowIfZero(memory);
        ArgumentOutOfRangeException.ThrowIfLessThan(frameSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(frameCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frameCount, 1 << PayloadSlice.IndexBits);
        _memory = (byte*)memory;
        FrameSize = frameSize;
        FrameCount = frameCount;
        _records = new FrameRecord[frameCount];
    }

    /// <summary>Bytes in a frame.</summary>
    public int FrameSize { get; }

    /// <summary>Frames in the region.</summary>
    public int FrameCount { get; }

    /// <summary>The region's number at its endpoint, or -1 while it is not registered.</summary>
    public int Number { get; internal set; } = -1;

    /// <summary>The bytes of a frame from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The run does not lie inside the frame.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Bytes(int index, int offset, int length)
    {
        if (!IsInside(index, offset, length))
        {
            ThrowOutside(index, offset, length);
        }

        return new Span<byte>(_memory + ((long)index * FrameSize) + offset, length);
    }

    /// <summary>The bytes of a slice that lies inside one frame: that was asked when it was made, or when a link handed it over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<byte> RunOf(in PayloadSlice slice)
    {
        Invariant.Check(Contains(slice), "A slice that is kept lies inside its frame.");
        return new Span<byte>(_memory + ((long)slice.Index * FrameSize) + slice.Offset, slice.Length);
    }

    /// <summary>Whether the slice lies inside one frame of this region: asked once of everything that a link hands over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(in PayloadSlice slice) => IsInside(slice.Index, slice.Offset, slice.Length);

    /// <summary>Frames that this endpoint references now; an arena does not count them.</summary>
    internal int Held;

    /// <summary>Whether so many frames of a peer are held that it could run out of them: then data is copied out at once.</summary>
    internal bool IsShort => Held > FrameCount / 2;

    internal FrameRecord[] Records => _records;

    /// <summary>The last reference to a frame is gone.</summary>
    internal abstract void OnUnreferenced(int index, ref FrameRecord record);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsInside(int index, int offset, int length) =>
        unchecked((uint)index < (uint)FrameCount && (ulong)(uint)offset + (uint)length <= (uint)FrameSize);

    // Apart, because the text would make every call of the method above set up its parts.
    [DoesNotReturn]
    private void ThrowOutside(int index, int offset, int length) => throw new ArgumentOutOfRangeException(
        nameof(index), $"Bytes {offset}+{length} of frame {index} are not inside {FrameCount} frames of {FrameSize} bytes.");
}
