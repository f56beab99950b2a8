using System.IO.Pipelines;
using NexStream.Core;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Hosting;

/// <summary>
/// One stream of a connection, to await. Any thread may use it, and several operations may be under way: they are done in the order of the calls, sends and
/// receives apart. A buffer that was given belongs to the operation until that ends. Every failure is a <see cref="NexStreamException"/>.
/// </summary>
public sealed class NexStreamStream : IAsyncDisposable
{
    private readonly StreamRecord _record;
    private readonly NexStreamHost _host;
    private int _isDisposed;

    internal NexStreamStream(StreamRecord record)
    {
        _record = record;
        _host = record.Connection.Host;
    }

    /// <summary>The stream's id on the wire.</summary>
    public uint Id => _record.Id;

    /// <summary>How it delivers.</summary>
    public TransportMode Mode => _record.Mode;

    /// <summary>The connection that it belongs to.</summary>
    public NexStreamConnection Connection => _record.Connection.Owner;

    /// <summary>How long a send may wait for room; <see cref="Timeout.InfiniteTimeSpan"/>, the default: as long as the connection lives.</summary>
    public TimeSpan SendTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long a receive may wait; <see cref="Timeout.InfiniteTimeSpan"/>, the default: as long as the connection lives.</summary>
    public TimeSpan ReceiveTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Sends bytes (RO) or one message (RU, BE, PR). It ends when the stream has taken all of it, and waits while the send buffer or the peer's window is full.
    /// </summary>
    /// <param name="data">What to send; not to be changed until the operation ends.</param>
    /// <param name="cancellation">Gives the rest up: <see cref="NexStreamCanceledException"/> says how many bytes of an RO stream were taken.</param>
    public ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default) => SendAsync(data, default, cancellation);

    /// <summary>As <see cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/>, with a deadline or a limit on attempts. Reports are not given.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> data, SendOptions options, CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.Send, SendTimeout, cancellation);
        operation.Source = data;
        operation.Options = options with { Report = false };
        return new ValueTask(operation, _host.Submit(operation));
    }

    /// <summary>Takes a frame of the host's memory to write into. It waits, behind earlier sends, while the connection may use no more memory.</summary>
    public ValueTask<SendLease> LeaseAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.Lease, SendTimeout, cancellation);
        return new ValueTask<SendLease>(operation, _host.Submit(operation));
    }

    /// <summary>Sends the first bytes of a lease without a copy. The lease is used up, however the operation ends.</summary>
    /// <param name="lease">A lease of this stream's connection.</param>
    /// <param name="length">Bytes, at least 1.</param>
    /// <param name="cancellation">Gives the send up if it still waits; nothing was sent then.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lease is not so long.</exception>
    /// <exception cref="ObjectDisposedException">The lease was sent or disposed of before.</exception>
    public ValueTask SendAsync(SendLease lease, int length, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, lease.Memory.Length);
        if (lease.Loan!.Connection != _record.Connection)
        {
            throw new ArgumentException("The lease was taken on another connection: take it on the stream that sends it.", nameof(lease));
        }

        Operation operation = Rent(OperationKind.SendLease, SendTimeout, cancellation);
        if (!lease.TryTake())
        {
            operation.Fail(new ObjectDisposedException(nameof(SendLease), "It was sent or disposed of before."));
            return new ValueTask(operation, operation.Version);
        }

        operation.Loan = lease.Loan;
        operation.Bytes = length;
        return new ValueTask(operation, _host.Submit(operation));
    }

    /// <summary>
    /// Receives bytes (RO), as many as are there, or one message (RU, BE, PR). RO with an empty buffer waits until there is something to read. A message that
    /// is longer than the buffer is not cut: <see cref="NexStreamError.BufferTooSmall"/>, and it stays to be received.
    /// </summary>
    /// <param name="buffer">Where it goes; not to be touched until the operation ends.</param>
    /// <param name="cancellation">Gives the receive up; nothing was taken then.</param>
    /// <returns>Bytes; 0: the peer ended its sending half, and everything was read.</returns>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        Operation operation = Receive(buffer, cancellation);
        return new ValueTask<int>(operation, _host.Submit(operation));
    }

    /// <summary>As <see cref="ReceiveAsync"/>, with the message's number.</summary>
    public ValueTask<ReceivedMessage> ReceiveMessageAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        Operation operation = Receive(buffer, cancellation);
        return new ValueTask<ReceivedMessage>(operation, _host.Submit(operation));
    }

    /// <summary>Receives without a copy: bytes where they lie, a whole message or as much of an RO stream as is there. Dispose of the lease soon.</summary>
    public ValueTask<ReceiveLease> ReceiveLeaseAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.ReceiveLease, ReceiveTimeout, cancellation);
        return new ValueTask<ReceiveLease>(operation, _host.Submit(operation));
    }

    /// <summary>Ends the sending half behind all sends that were called before: the peer reads the end of the stream. Receiving goes on.</summary>
    public ValueTask FinishAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.Finish, SendTimeout, cancellation);
        return new ValueTask(operation, _host.Submit(operation));
    }

    /// <summary>Gives up both halves: what is queued and not acknowledged is not sent any more, and the peer is told why.</summary>
    public void Abort(ReasonCode reason = ReasonCode.Aborted) => _host.Post(new Command(CommandKind.ResetStream, _record, (long)reason));

    /// <summary>A stream of .NET's over an RO stream. Disposing of it disposes of this.</summary>
    /// <exception cref="InvalidOperationException">The stream carries messages.</exception>
    public Stream AsStream() => new ByteStream(this, ByteStreamEnds.Both);

    /// <summary>A pipe over an RO stream: completing its output finishes sending, completing its input throws away what still comes.</summary>
    /// <exception cref="InvalidOperationException">The stream carries messages.</exception>
    public IDuplexPipe AsDuplexPipe() => new DuplexPipe(this);

    /// <summary>Finishes sending, and reads no more: what was sent still goes, operations that wait fail, the peer is asked to stop.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _host.Post(new Command(CommandKind.CloseStream, _record));
        }

        return ValueTask.CompletedTask;
    }

    internal void Discard() => _host.Post(new Command(CommandKind.DiscardStream, _record));

    private Operation Receive(Memory<byte> buffer, CancellationToken cancellation)
    {
        Operation operation = Rent(OperationKind.Receive, ReceiveTimeout, cancellation);
        operation.Destination = buffer;
        return operation;
    }

    private Operation Rent(OperationKind kind, TimeSpan timeout, CancellationToken cancellation)
    {
        Operation operation = _host.Operations.Rent(kind, cancellation);
        operation.Stream = _record;
        operation.TimeoutNs = timeout == Timeout.InfiniteTimeSpan ? 0 : Math.Max(1, timeout.Ticks * TimeSpan.NanosecondsPerTick);
        return operation;
    }
}
