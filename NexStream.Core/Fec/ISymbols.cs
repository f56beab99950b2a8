namespace NexStream.Core.Fec;

/// <summary>Symbols that are read, wherever each of them lies.</summary>
internal interface ISymbols
{
    int Count { get; }

    /// <summary>The bytes of a symbol; those that it lacks to the length of the others are zeros.</summary>
    ReadOnlySpan<byte> this[int index] { get; }
}

/// <summary>Symbols that are written, wherever each of them lies.</summary>
internal interface ISymbolBuffers
{
    int Count { get; }

    Span<byte> this[int index] { get; }
}
