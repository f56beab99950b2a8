using System.Buffers;
using NexStream.Core.Tracing;

namespace NexStream.Replay.Editing;

/// <summary>A trace in memory.</summary>
public sealed class MemoryTrace : ITraceSink
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>What was written so far.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    /// <inheritdoc />
    public void Write(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    /// <summary>A stream to read it from.</summary>
    public Stream OpenRead() => new MemoryStream(_bytes.WrittenSpan.ToArray(), writable: false);
}
