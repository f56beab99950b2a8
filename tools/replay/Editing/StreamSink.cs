using NexStream.Core.Tracing;

namespace NexStream.Replay.Editing;

/// <summary>A trace goes into a stream.</summary>
internal sealed class StreamSink(Stream stream) : ITraceSink
{
    public void Write(ReadOnlySpan<byte> bytes) => stream.Write(bytes);
}
