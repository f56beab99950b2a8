using System.IO.Pipelines;

namespace NexStream.Driver.Hosting;

/// <summary>The two halves of an RO stream as pipes: to complete one ends that half only.</summary>
internal sealed class DuplexPipe(NexStreamStream stream) : IDuplexPipe
{
    public PipeReader Input { get; } = PipeReader.Create(new ByteStream(stream, ByteStreamEnds.Receiving));

    public PipeWriter Output { get; } = PipeWriter.Create(new ByteStream(stream, ByteStreamEnds.Sending));
}
