using NexStream.Core.Tracing;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Replay.Editing;

/// <summary>Makes shorter traces of traces.</summary>
public static class TraceEditor
{
    /// <summary>Copies the first calls of a trace, with what they gave back when they were recorded. Such a trace is always valid.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="count">How many calls.</param>
    /// <param name="destination">Where the copy goes.</param>
    /// <param name="suppliers">What the trace only names; null: nothing.</param>
    /// <returns>Calls that were copied: fewer where the trace has no more.</returns>
    /// <exception cref="TraceException">It is no trace.</exception>
    public static long CopyFirst(Stream source, long count, Stream destination, Suppliers? suppliers = null)
    {
        var writer = new TraceWriter(new StreamSink(destination));
        var item = new MemoryTrace();
        Action<ReadOnlySpan<byte>> tap = item.Write;
        var reader = new TraceReader(source, suppliers, bytes => tap(bytes));
        long copied = 0;
        writer.Bytes(item.Bytes.Span);
        while (copied < count)
        {
            // An item that cannot be read to its end is not copied.
            item = new MemoryTrace();
            tap = item.Write;
            if (!reader.TryRead(out _))
            {
                break;
            }

            writer.Bytes(item.Bytes.Span);
            copied++;
        }

        writer.Flush();
        return copied;
    }

    /// <summary>Leaves out the calls before <paramref name="from"/> and those from <paramref name="to"/> on. What the others give back without them is recorded anew.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="from">The first call that is kept.</param>
    /// <param name="to">The first that is not.</param>
    /// <param name="destination">Where the trace goes.</param>
    /// <param name="suppliers">What the trace only names; null: nothing.</param>
    /// <returns>Calls that were kept.</returns>
    /// <exception cref="TraceException">It is no trace.</exception>
    public static long Cut(Stream source, long from, long to, Stream destination, Suppliers? suppliers = null)
    {
        var reader = new TraceReader(source, suppliers);
        var kept = new List<TraceInput>();
        while (reader.TryRead(out TraceStep step) && step.Number < to)
        {
            if (step.Number >= from)
            {
                kept.Add(step.Input);
            }
        }

        return Record(reader.Setup, kept, destination);
    }

    /// <summary>Carries calls out on a fresh endpoint, up to the first that throws, and records that.</summary>
    internal static long Record(EndpointSetup setup, IReadOnlyList<TraceInput> inputs, Stream destination)
    {
        var recorder = new TraceRecorder(new StreamSink(destination), setup.Detail, setup.Generators);
        using var host = new ReplayHost(setup, isLoose: true, recorder);
        foreach (TraceInput input in inputs)
        {
            if (Replayer.TryApply(host, input) is not null)
            {
                break;
            }
        }

        recorder.Flush();
        return recorder.InputCount;
    }
}
