namespace NexStream.Core.Tracing;

/// <summary>Where a trace goes: a file, memory, a connection. The core does no I/O, so the host has it.</summary>
public interface ITraceSink
{
    /// <summary>Takes the next bytes of the trace. Called from inside of an endpoint's calls, about once for each 64 KiB, and from <see cref="TraceRecorder.Flush"/>.</summary>
    /// <param name="bytes">Valid during the call only. What is thrown here goes to whoever called the endpoint.</param>
    void Write(ReadOnlySpan<byte> bytes);
}
