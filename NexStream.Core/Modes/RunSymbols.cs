using NexStream.Core.Buffers;
using NexStream.Core.Fec;

namespace NexStream.Core.Modes;

/// <summary>Symbols that lie where they were received or are sent from, a run each.</summary>
internal readonly ref struct RunSymbols(FrameTable frames, ReadOnlySpan<PayloadSlice> runs) : ISymbols
{
    private readonly ReadOnlySpan<PayloadSlice> _runs = runs;

    public int Count => _runs.Length;

    public ReadOnlySpan<byte> this[int index] => frames.Bytes(_runs[index]);
}

/// <summary>Where symbols are written: runs in frames of the own arena.</summary>
internal readonly ref struct RunBuffers(FrameTable frames, ReadOnlySpan<PayloadSlice> runs) : ISymbolBuffers
{
    private readonly ReadOnlySpan<PayloadSlice> _runs = runs;

    public int Count => _runs.Length;

    public Span<byte> this[int index] => frames.Bytes(_runs[index]);
}
