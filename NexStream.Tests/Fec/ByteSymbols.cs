using NexStream.Core.Fec;

namespace NexStream.Tests.Fec;

/// <summary>Symbols in arrays.</summary>
internal readonly struct ByteSymbols(byte[][] symbols) : ISymbols, ISymbolBuffers
{
    public int Count => symbols.Length;

    ReadOnlySpan<byte> ISymbols.this[int index] => symbols[index];

    Span<byte> ISymbolBuffers.this[int index] => symbols[index];
}
