using NexStream.Core.Primitives;

namespace NexStream.Driver.Hosting;

/// <summary>Which halves of a stream a <see cref="ByteStream"/> ends when it is disposed of.</summary>
internal enum ByteStreamEnds : byte
{
    Both,
    Sending,
    Receiving,
}

/// <summary>An RO stream as .NET's streams are. The calls that block wait for the asynchronous ones.</summary>
internal sealed class ByteStream : Stream
{
    private readonly NexStreamStream _stream;
    private readonly ByteStreamEnds _ends;

    public ByteStream(NexStreamStream stream, ByteStreamEnds ends)
    {
        if (stream.Mode != TransportMode.ReliableOrdered)
        {
            throw new InvalidOperationException($"A {stream.Mode} stream carries messages: only a {TransportMode.ReliableOrdered} stream is a stream of bytes.");
        }

        _stream = stream;
        _ends = ends;
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override bool CanTimeout => true;

    public override int ReadTimeout
    {
        get => (int)_stream.ReceiveTimeout.TotalMilliseconds;
        set => _stream.ReceiveTimeout = TimeSpan.FromMilliseconds(value);
    }

    public override int WriteTimeout
    {
        get => (int)_stream.SendTimeout.TotalMilliseconds;
        set => _stream.SendTimeout = TimeSpan.FromMilliseconds(value);
    }

    public override long Length => throw new NotSupportedException("What arrives over a network has no length.");

    public override long Position
    {
        get => throw new NotSupportedException("What arrives over a network has no position.");
        set => throw new NotSupportedException("What arrives over a network has no position.");
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _stream.ReceiveAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _stream.SendAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    // What was sent goes without being asked.
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("What arrives over a network cannot be sought in.");

    public override void SetLength(long value) => throw new NotSupportedException("What goes over a network has no length.");

    public override async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            EndAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private async ValueTask EndAsync()
    {
        switch (_ends)
        {
            case ByteStreamEnds.Sending:
                try
                {
                    await _stream.FinishAsync().ConfigureAwait(false);
                }
                catch (NexStreamException)
                {
                    // A stream that is over needs no end.
                }

                break;
            case ByteStreamEnds.Receiving:
                _stream.Discard();
                break;
            default:
                await _stream.DisposeAsync().ConfigureAwait(false);
                break;
        }
    }
}
