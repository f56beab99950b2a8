using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>
/// An endpoint's own frames: what it sends and has not seen acknowledged, and what it received and the application has not read.
/// Allocation is a pop from a stack of free frames; an empty stack is back-pressure, never an allocation.
/// </summary>
public sealed class FrameArena : FrameRegion
{
    private readonly int[] _free;
    private readonly byte[]? _pinned;
    private int _freeCount;

    /// <summary>An arena in one pinned array.</summary>
    /// <param name="frameSize">Bytes in a frame.</param>
    /// <param name="frameCount">Frames; at most 2^24, and at most 2 GiB in all.</param>
    public FrameArena(int frameSize, int frameCount)
        : this(GC.AllocateUninitializedArray<byte>(checked(frameSize * frameCount), pinned: true), frameSize, frameCount)
    {
    }

    /// <summary>An arena in memory that the host owns and keeps mapped, usually shared with a link.</summary>
    /// <param name="memory">The first byte.</param>
    /// <param name="frameSize">Bytes in a frame.</param>
    /// <param name="frameCount">Frames.</param>
    public FrameArena(nint memory, int frameSize, int frameCount)
        : base(memory, frameSize, frameCount)
    {
        _free = new int[frameCount];
        _freeCount = frameCount;

        // From the top, so that the first to be taken is the first in memory.
        for (int i = 0; i < frameCount; i++)
        {
            _free[i] = frameCount - 1 - i;
        }
    }

    private FrameArena(byte[] pinned, int frameSize, int frameCount)
        : this(Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0), frameSize, frameCount)
    {
        _pinned = pinned;
    }

    /// <summary>Frames that nobody references.</summary>
    public int FreeCount => _freeCount;

    /// <summary>Whether the arena lives in a pinned array rather than in the host's memory.</summary>
    public bool IsManaged => _pinned is not null;

    /// <summary>Takes a free frame with one reference, which the caller owns. False: the arena is exhausted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAllocate(out int index)
    {
        int top = _freeCount - 1;
        if (top < 0)
        {
            index = -1;
            return false;
        }

        _freeCount = top;
        index = _free[top];
        ref FrameRecord record = ref Records[index];
        Invariant.Check(record.References == 0 && record.Lent == 0, "A frame that is free is nobody's.");
        record.References = 1;
        record.Owner = FrameTable.Nobody;
        return true;
    }

    /// <inheritdoc />
    protected internal override void OnUnreferenced(int index) => _free[_freeCount++] = index;
}
