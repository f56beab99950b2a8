using System.Runtime.InteropServices;

namespace NexStream.Core.Buffers;

/// <summary>A run of payload bytes inside one frame of a <see cref="FrameRegion"/>. Everything that holds payload holds it as slices.</summary>
// A slice is copied soon after it was made, and a processor forwards a store only to loads that it covers: frame and offset are one word, and the whole
// is packed into twelve bytes, which are copied as they were written.
[StructLayout(LayoutKind.Sequential, Pack = sizeof(int))]
public readonly record struct PayloadSlice
{
    /// <summary>Bits of <see cref="Frame"/> that hold the index inside the region.</summary>
    public const int IndexBits = 24;

    /// <summary>No frame: the value of <see cref="Frame"/> where there is none.</summary>
    public const uint NoFrame = uint.MaxValue;

    private readonly ulong _place;

    /// <summary>A run of bytes.</summary>
    /// <param name="frame">The frame: the region's number in the upper 8 bits, the frame's index in the lower 24.</param>
    /// <param name="offset">The first byte, from the start of the frame.</param>
    /// <param name="length">Bytes.</param>
    public PayloadSlice(uint frame, int offset, int length)
    {
        // A link may say anything: what lies outside of its frame is refused where slices are taken in.
        _place = ((ulong)frame << 32) | unchecked((uint)offset);
        Length = length;
    }

    private PayloadSlice(ulong place, int length)
    {
        _place = place;
        Length = length;
    }

    /// <summary>The frame: the region's number in the upper 8 bits, the frame's index in the lower 24.</summary>
    public uint Frame => (uint)(_place >> 32);

    /// <summary>The first byte, from the start of the frame.</summary>
    public int Offset => unchecked((int)_place);

    /// <summary>Bytes.</summary>
    public int Length { get; }

    /// <summary>The region's number.</summary>
    public int Region => (int)(_place >> (32 + IndexBits));

    /// <summary>The frame's index inside its region.</summary>
    public int Index => (int)(Frame & ((1u << IndexBits) - 1));

    /// <summary>The name of frame <paramref name="index"/> of region <paramref name="region"/>.</summary>
    public static uint FrameOf(int region, int index) => ((uint)region << IndexBits) | (uint)index;

    /// <summary>Whether the other run begins in the same frame, right behind this one's last byte.</summary>
    internal bool IsFollowedBy(in PayloadSlice other) => unchecked(_place + (uint)Length) == other._place;

    /// <summary>The run that begins at the same byte and has <paramref name="length"/> bytes.</summary>
    public PayloadSlice WithLength(int length) => new(_place, length);

    /// <summary>The <paramref name="length"/> bytes that begin <paramref name="skip"/> bytes into the run.</summary>
    internal PayloadSlice Part(int skip, int length) => new(unchecked(_place + (uint)skip), length);

    /// <summary>The run without its first <paramref name="bytes"/> bytes.</summary>
    public PayloadSlice SkipFirst(int bytes) => Part(bytes, Length - bytes);
}
