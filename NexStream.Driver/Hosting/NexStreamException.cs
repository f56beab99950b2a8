using NexStream.Core.Primitives;

namespace NexStream.Driver.Hosting;

/// <summary>An operation did not succeed. It is an <see cref="IOException"/>, as whoever reads and writes streams expects.</summary>
public sealed class NexStreamException : IOException
{
    internal NexStreamException(NexStreamError error, string message, ReasonCode reason = ReasonCode.None, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        Reason = reason;
    }

    /// <summary>What went wrong.</summary>
    public NexStreamError Error { get; }

    /// <summary>The reason that came over the wire, where one did.</summary>
    public ReasonCode Reason { get; }

    /// <summary>Bytes of the send that the stream had taken: these go, or were sent, all the same.</summary>
    public int BytesTaken { get; init; }

    /// <summary>Bytes that the buffer needs, with <see cref="NexStreamError.BufferTooSmall"/>.</summary>
    public int Required { get; init; }
}
