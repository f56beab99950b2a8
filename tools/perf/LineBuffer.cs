using System.Runtime.InteropServices;

namespace NexStream.Perf;

/// <summary>
/// Memory that begins at a cache line, as an allocator for vectors gives it: a copy between two such blocks touches half the lines at a time that one
/// between blocks of any place does, and what is measured does not depend on where the collector put an array.
/// </summary>
internal readonly struct LineBuffer
{
    /// <summary>Bytes of a cache line.</summary>
    public const int LineSize = 64;

    private readonly byte[] _block;
    private readonly int _skip;

    public LineBuffer(int length)
    {
        Length = length;
        _block = GC.AllocateArray<byte>(length + LineSize, pinned: true);
        _skip = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(_block, 0) & (LineSize - 1));
    }

    public int Length { get; }

    public Span<byte> Span => _block.AsSpan(_skip, Length);
}
