using System.Buffers;

namespace NexStream.Driver.Hosting;

/// <summary>A run of bytes in memory that is not the collector's: a frame of the arena, or of a peer's.</summary>
internal sealed unsafe class FrameMemory : MemoryManager<byte>
{
    private byte* _first;
    private int _length;

    public void Set(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            // Frames never move: the address holds beyond this block.
            _first = first;
            _length = bytes.Length;
        }
    }

    public void Clear()
    {
        _first = null;
        _length = 0;
    }

    public override Span<byte> GetSpan() => new(_first, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_first + elementIndex);

    public override void Unpin()
    {
        // Frames never move.
    }

    protected override void Dispose(bool disposing) => Clear();
}
