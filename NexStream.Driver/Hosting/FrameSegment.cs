using System.Buffers;

namespace NexStream.Driver.Hosting;

/// <summary>One run of a received message, and the next.</summary>
internal sealed class FrameSegment : ReadOnlySequenceSegment<byte>
{
    public FrameMemory Bytes { get; } = new();

    public void Set(ReadOnlySpan<byte> bytes, FrameSegment? previous)
    {
        Bytes.Set(bytes);
        Memory = Bytes.Memory;
        Next = null;
        RunningIndex = previous is null ? 0 : previous.RunningIndex + previous.Memory.Length;
        previous?.Next = this;
    }
}
