namespace NexStream.Driver.Hosting;

/// <summary>The caller cancelled an operation that was under way. The stream stays usable.</summary>
public sealed class NexStreamCanceledException : OperationCanceledException
{
    internal NexStreamCanceledException(int bytesTaken, CancellationToken token)
        : base(bytesTaken == 0 ? "The operation was cancelled; nothing was sent or taken." : $"The send was cancelled after the stream had taken {bytesTaken} bytes, which still go.", token) =>
        BytesTaken = bytesTaken;

    /// <summary>Bytes of an RO send that the stream had taken: these go all the same. A message is taken whole or not at all.</summary>
    public int BytesTaken { get; }
}
