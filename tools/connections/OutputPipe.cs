using System.IO.Pipelines;

namespace NexStream.Connections;

/// <summary>The writing end of a pipe, which remembers that its writer is through: what he has completed is meant to arrive.</summary>
internal sealed class OutputPipe(PipeWriter inner) : PipeWriter
{
    private volatile bool _isCompleted;
    private volatile Exception? _failure;

    /// <summary>Whether the writer has written all that he wanted to.</summary>
    public bool IsCompleted => _isCompleted;

    /// <summary>Why the writer has not; null: he has, or is still writing.</summary>
    public Exception? Failure => _failure;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) => inner.WriteAsync(source, cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        _failure ??= exception;
        _isCompleted |= _failure is null;
        inner.Complete(exception);
    }
}
