using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Reading;

namespace NexStream.Tests.Tracing;

/// <summary>Makes traces that no recorder makes.</summary>
internal static class TraceForge
{
    // With hashes only: the operation and the hash.
    private const int OutcomeSize = 5;

    /// <summary>The trace in which the outcome of one call has another hash.</summary>
    public static MemoryTrace WithOtherHash(MemoryTrace trace, int at)
    {
        var memory = new MemoryTrace();
        Copy(trace, memory, (number, item) => number == at ? [.. item[..^1], (byte)(item[^1] ^ 1)] : item);
        return memory;
    }

    /// <summary>The first calls of the trace, the last of them without its outcome.</summary>
    public static MemoryTrace EndingWithin(MemoryTrace trace, int last)
    {
        var memory = new MemoryTrace();
        Copy(trace, memory, (number, item) => number > last ? null : number == last ? item[..^OutcomeSize] : item);
        return memory;
    }

    /// <summary>Copies items one by one, in blocks of its own; the function gives what an item becomes, or null to leave it out.</summary>
    public static void Copy(MemoryTrace trace, MemoryTrace copy, Func<long, byte[], byte[]?> change)
    {
        var writer = new TraceWriter(copy);
        var item = new MemoryTrace();
        var reader = new TraceReader(trace.OpenRead(), tap: bytes => item.Write(bytes));
        writer.Bytes(item.Bytes.Span);
        item = new MemoryTrace();
        while (reader.TryRead(out TraceStep step))
        {
            byte[] bytes = item.Bytes.ToArray();
            item = new MemoryTrace();
            writer.Bytes(change(step.Number, bytes));
        }

        writer.Flush();
    }
}
