using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Reading;

namespace NexStream.Tests.Tracing;

/// <summary>Makes traces that no recorder makes.</summary>
internal static class TraceForge
{
    /// <summary>The trace in which the outcome of one call has another hash.</summary>
    public static MemoryTrace WithOtherHash(MemoryTrace trace, int at)
    {
        var memory = new MemoryTrace();
        Copy(trace, memory, (number, item) =>
        {
            if (number == at)
            {
                item[^1] ^= 1;
            }

            return true;
        });
        return memory;
    }

    /// <summary>Copies items one by one, in blocks of its own; the function may change an item, or leave it out.</summary>
    public static void Copy(MemoryTrace trace, MemoryTrace copy, Func<long, byte[], bool> change)
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
            if (change(step.Number, bytes))
            {
                writer.Bytes(bytes);
            }
        }

        writer.Flush();
    }
}
