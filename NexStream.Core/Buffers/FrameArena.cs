using System.Diagnostics.CodeAnalysis;
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
    /// <summary>Bytes of a cache line: frames of a multiple of this lie in whole lines, which copies of vectors do not cross.</summary>
    internal const int LineSize = 64;

    private readonly int[] _free;

    [SuppressMessage("CodeQuality", "IDE0052:Remove unread private members", Justification = "It keeps the array alive whose frames are found by address.")]
    private readonly byte[]? _pinned;

    private int _freeCount;

    /// <summary>An arena in one pinned array, beginning at a cache line.</summary>
    /// <param name="frameSize">Bytes in a frame.</param>
    /// <param name="frameCount">
    /// Frames; at most 2^24, and in all at most what an array holds (<see cref="Array.MaxLength"/>) less a cache line: a little under 2 GiB. More takes memory of the host's.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the frames are more than that. The message says how many bytes may be.</exception>
    public FrameArena(int frameSize, int frameCount)
        : this(Allocate(frameSize, frameCount), frameSize, frameCount)
    {
    }

    /// <summary>An arena in memory that the host owns and keeps mapped, usually shared with a link.</summary>
    /// <param name="memory">The first byte.</param>
    /// <param name="frameSize">Bytes in a frame.</param>
    /// <param name="frameCount">Frames; at most 2^24.</param>
    /// <exception cref="ArgumentOutOfRangeException">The address is 0, a size is not positive, or there are more frames than that.</exception>
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
        : this(FirstLineOf(Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0)), frameSize, frameCount)
    {
        _pinned = pinned;
    }

    /// <summary>Frames that nobody references.</summary>
    public int FreeCount => _freeCount;

    /// <summary>Frames that the host took by itself, so that a trace can say so: the endpoint's own calls say the rest.</summary>
    internal uint TakenByHost { get; private set; }

    /// <summary>Takes a free frame with one reference, which the caller owns. False: the arena is exhausted.</summary>
    public bool TryAllocate(out int index)
    {
        bool isTaken = TryAllocate(FrameTable.Nobody, out index);
        TakenByHost = unchecked(TakenByHost + (isTaken ? 1u : 0));
        return isTaken;
    }

    /// <summary>Takes a free frame with one reference, for which a connection is charged, or <see cref="FrameTable.Nobody"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryAllocate(int owner, out int index)
    {
        int[] free = _free;
        int top = _freeCount - 1;
        if (unchecked((uint)top) >= (uint)free.Length)
        {
            index = -1;
            return false;
        }

        _freeCount = top;
        index = free[top];
        ref FrameRecord record = ref Records[index];
        Invariant.Check(record.References == 0 && record.Lent == 0, "A frame that is free is nobody's.");
        record.References = 1;
        record.Owner = owner;
        return true;
    }

    /// <inheritdoc />
    internal override void OnUnreferenced(int index, ref FrameRecord record) => _free[_freeCount++] = index;

    private static byte[] Allocate(int frameSize, int frameCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frameSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(frameCount, 1);
        long bytes = (long)frameSize * frameCount;
        int bytesMax = Array.MaxLength - LineSize;
        if (bytes > bytesMax)
        {
            throw new ArgumentOutOfRangeException(
                nameof(frameCount), frameCount, $"{frameCount} frames of {frameSize} bytes are {bytes} bytes; an arena in an array may have {bytesMax}.");
        }

        return GC.AllocateUninitializedArray<byte>((int)bytes + LineSize, pinned: true);
    }

    private static nint FirstLineOf(nint address) => (address + LineSize - 1) & ~(nint)(LineSize - 1);
}
