using System.IO.Pipelines;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Driver.Hosting;

/// <summary>
/// One stream of a connection, to await. Any thread may use it, and several operations may be under way: they are done in the order of the calls, sends and
/// receives apart. A buffer that was given belongs to the operation until that ends. Every failure is a <see cref="NexStreamException"/>.
/// </summary>
/// <remarks>
/// The halves end apart, and for each there is one answer from then on, for what waits and for what is called later. docs/async.md has the table. Sending ends with
/// <see cref="FinishAsync"/>, <see cref="DisposeAsync"/> and <see cref="Abort"/> (<see cref="NexStreamError.StreamFinished"/>), or when the peer reads no more
/// (<see cref="NexStreamError.StreamStopped"/>). Receiving ends with the peer's end, after which it gives 0 bytes as often as it is asked; when the peer gives up
/// (<see cref="NexStreamError.StreamReset"/>); and with <see cref="DisposeAsync"/> and <see cref="Abort"/> (<see cref="NexStreamError.StreamFinished"/>). The end of the
/// connection ends both, with its own error, but for an end of the stream that had arrived: that is still given.
/// </remarks>
public sealed class NexStreamStream : IAsyncDisposable
{
    private readonly StreamRecord _record;
    private readonly NexStreamHost _host;
    private int _isDisposed;
    private int _isAborted;
    private int _isDiscarded;

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
    /// <exception cref="NexStreamException">
    /// The sending half has ended: <see cref="NexStreamError.StreamFinished"/>, <see cref="NexStreamError.StreamStopped"/>, or the connection's error. Nothing more of it goes;
    /// <see cref="NexStreamException.BytesTaken"/> says how much had been taken. Or the message is empty or too long, or <see cref="SendTimeout"/> passed: then the stream goes on.
    /// </exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default) => SendAsync(data, default, cancellation);

    /// <summary>As <see cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/>, with a deadline or a limit on attempts. Reports are not given.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> data, SendOptions options, CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.Send, SendTimeout, cancellation);
        operation.Source = data;
        operation.Options = options with { Report = false };
        return new ValueTask(operation, _host.Submit(operation));
    }

    /// <summary>
    /// Bytes of the longest message that <see cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/> takes now, as <see cref="StreamHandle.MessageLengthMax"/>: in BE and PR it changes with
    /// the path, so that a longer one may be <see cref="NexStreamError.MessageTooLong"/> a moment later. 0 in RO. That the sending half has ended, only a send tells.
    /// </summary>
    /// <exception cref="NexStreamException">As for <see cref="GetStatisticsAsync"/>.</exception>
    public ValueTask<int> GetMessageLengthMaxAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.MessageLengthMax, Timeout.InfiniteTimeSpan, cancellation);
        return new ValueTask<int>(operation, _host.Submit(operation));
    }

    /// <summary>What the stream has done so far, and what waits in it now; also when one of its halves has ended.</summary>
    /// <exception cref="NexStreamException">
    /// The stream is over, which it is when both halves have ended, all was acknowledged and all was read, and what it has counted is gone: <see cref="NexStreamError.StreamFinished"/>, or
    /// the connection's error.
    /// </exception>
    public ValueTask<StreamStatistics> GetStatisticsAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.StreamStatistics, Timeout.InfiniteTimeSpan, cancellation);
        return new ValueTask<StreamStatistics>(operation, _host.Submit(operation));
    }

    /// <summary>PR only: how likely the messages of later sends are to be delivered. It stands behind the sends before it. Each side sets it for what it sends itself.</summary>
    /// <exception cref="InvalidOperationException">The stream has another mode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message names it. What held before goes on.</exception>
    /// <exception cref="NotSupportedException">The program was built without repairs, and the setting may want some.</exception>
    /// <exception cref="NexStreamException">As for a send: the sending half has ended, or <see cref="SendTimeout"/> passed.</exception>
    public ValueTask SetDeliveryAsync(ProbabilisticConfig delivery, CancellationToken cancellation = default)
    {
        if (Mode != TransportMode.Probabilistic)
        {
            throw new InvalidOperationException($"A {Mode} stream has no probability: only a {TransportMode.Probabilistic} stream delivers with one.");
        }

        Operation operation = Rent(OperationKind.SetDelivery, SendTimeout, cancellation);
        operation.Delivery = delivery;
        return new ValueTask(operation, _host.Submit(operation));
    }

    /// <summary>Takes a frame of the host's memory to write into. It waits, behind earlier sends, while the connection may use no more memory.</summary>
    /// <exception cref="NexStreamException">As for a send: once the sending half has ended, there are no leases.</exception>
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
    /// <exception cref="NexStreamException">As for a send; nothing of it was sent.</exception>
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
    /// <returns>Bytes; 0: the peer ended its sending half, and everything was read. From then on always 0, also after the end of the connection.</returns>
    /// <exception cref="NexStreamException">
    /// <see cref="NexStreamError.StreamReset"/>: the peer gave up, and what was not read is gone. <see cref="NexStreamError.StreamFinished"/>: it was disposed of or aborted here.
    /// Or the connection's error: after a graceful close when all that arrived was read or <see cref="ConnectionConfig.Linger"/> has passed, else at once. Or
    /// <see cref="ReceiveTimeout"/> passed: then the stream goes on.
    /// </exception>
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
    /// <exception cref="NexStreamException">As for <see cref="ReceiveAsync"/>; the end of the stream is a lease that <see cref="ReceiveLease.IsEnd"/>.</exception>
    public ValueTask<ReceiveLease> ReceiveLeaseAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.ReceiveLease, ReceiveTimeout, cancellation);
        return new ValueTask<ReceiveLease>(operation, _host.Submit(operation));
    }

    /// <summary>Ends the sending half behind all sends that were called before: the peer reads the end of the stream. Receiving goes on. Called again it does nothing.</summary>
    /// <exception cref="NexStreamException">The sending half had ended otherwise: <see cref="NexStreamError.StreamStopped"/>, <see cref="NexStreamError.StreamFinished"/> after
    /// <see cref="DisposeAsync"/> or <see cref="Abort"/>, or the connection's error.</exception>
    public ValueTask FinishAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.Finish, SendTimeout, cancellation);
        return new ValueTask(operation, _host.Submit(operation));
    }

    /// <summary>
    /// Gives up both halves: what is queued and not acknowledged is not sent any more, also after <see cref="FinishAsync"/> and <see cref="DisposeAsync"/>, and the peer is
    /// told why. What waits fails. Never throws; called again, or on a stream that is over, it does nothing.
    /// </summary>
    public void Abort(ReasonCode reason = ReasonCode.Aborted)
    {
        if (Interlocked.Exchange(ref _isAborted, 1) == 0)
        {
            _host.Post(new Command(CommandKind.ResetStream, _record, (long)reason));
        }
    }

    /// <summary>A stream of .NET's over an RO stream. Disposing of it disposes of this.</summary>
    /// <exception cref="InvalidOperationException">The stream carries messages.</exception>
    public Stream AsStream() => new ByteStream(this, ByteStreamEnds.Both);

    /// <summary>A pipe over an RO stream: completing its output finishes sending, completing its input throws away what still comes.</summary>
    /// <exception cref="InvalidOperationException">The stream carries messages.</exception>
    public IDuplexPipe AsDuplexPipe() => new DuplexPipe(this);

    /// <summary>
    /// Finishes sending, and reads no more: what was sent still goes, operations that wait fail, the peer is asked to stop. Waits for nothing and never throws; on a
    /// stream that is over, or after <see cref="Abort"/>, it does nothing.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _host.Post(new Command(CommandKind.CloseStream, _record));
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Throws away what still comes.</summary>
    internal void Discard()
    {
        if (Interlocked.Exchange(ref _isDiscarded, 1) == 0)
        {
            _host.Post(new Command(CommandKind.DiscardStream, _record));
        }
    }

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
        operation.TimeoutNs = timeout == Timeout.InfiniteTimeSpan ? 0 : Math.Max(1, (Instant.Zero + timeout).Nanoseconds);
        return operation;
    }
}
