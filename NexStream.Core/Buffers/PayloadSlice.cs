namespace NexStream.Core.Buffers;

/// <summary>A run of payload bytes inside one frame of a <see cref="FrameRegion"/>. Everything that holds payload holds it as slices.</summary>
/// <param name="Frame">The frame: the region's number in the upper 8 bits, the frame's index in the lower 24.</param>
/// <param name="Offset">The first byte, from the start of the frame.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct PayloadSlice(uint Frame, int Offset, int Length)
{
    /// <summary>Bits of <see cref="Frame"/> that hold the index inside the region.</summary>
    public const int IndexBits = 24;

    /// <summary>No frame: the value of <see cref="Frame"/> where there is none.</summary>
    public const uint NoFrame = uint.MaxValue;

    /// <summary>The region's number.</summary>
    public int Region => (int)(Frame >> IndexBits);

    /// <summary>The frame's index inside its region.</summary>
    public int Index => (int)(Frame & ((1u << IndexBits) - 1));

    /// <summary>The name of frame <paramref name="index"/> of region <paramref name="region"/>.</summary>
    public static uint FrameOf(int region, int index) => ((uint)region << IndexBits) | (uint)index;
}
