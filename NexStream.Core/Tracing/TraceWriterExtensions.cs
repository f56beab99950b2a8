using NexStream.Core.Buffers;

namespace NexStream.Core.Tracing;

/// <summary>Names of things of an endpoint, as a trace has them.</summary>
internal static class TraceWriterExtensions
{
    public static void Handle(this TraceWriter writer, int index, uint generation)
    {
        writer.Varint(index);
        writer.Varint(generation);
    }

    /// <summary>The region's number, a byte, and the index in it.</summary>
    public static void Frame(this TraceWriter writer, uint frame)
    {
        writer.Byte((byte)(frame >> PayloadSlice.IndexBits));
        writer.Varint(frame & ((1u << PayloadSlice.IndexBits) - 1));
    }

    public static void Slice(this TraceWriter writer, in PayloadSlice slice)
    {
        writer.Frame(slice.Frame);
        writer.Varint(slice.Offset);
        writer.Varint(slice.Length);
    }

    public static void Slices(this TraceWriter writer, ReadOnlySpan<PayloadSlice> slices)
    {
        writer.Varint(slices.Length);
        foreach (ref readonly PayloadSlice slice in slices)
        {
            writer.Slice(slice);
        }
    }
}
