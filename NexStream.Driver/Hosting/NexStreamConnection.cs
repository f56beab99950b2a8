using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Driver.Hosting;

/// <summary>A connection, to await. Any thread may use it. Every failure is a <see cref="NexStreamException"/>.</summary>
public sealed class NexStreamConnection : IAsyncDisposable
{
    private readonly ConnectionRecord _record;
    private readonly NexStreamHost _host;
    private readonly CancellationTokenSource _closed = new();
    private int _isAborted;

    internal NexStreamConnection(ConnectionRecord record)
    {
        _record = record;
        _host = record.Host;
    }

    /// <summary>The node at the other end, as it was when the connection was made.</summary>
    public NodeId Remote => _record.Remote;

    /// <summary>Cancelled when the connection is over, however it ended.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Opens a stream. It costs no round trip, and waits only while the peer allows no more streams.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The configuration has no such mode or priority.</exception>
    public ValueTask<NexStreamStream> OpenStreamAsync(StreamConfig config, CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.OpenStream, cancellation);
        operation.StreamConfig = config;
        return new ValueTask<NexStreamStream>(operation, _host.Submit(operation));
    }

    /// <summary>Opens a stream of a mode, with that mode's defaults.</summary>
    public ValueTask<NexStreamStream> OpenStreamAsync(TransportMode mode, CancellationToken cancellation = default) => OpenStreamAsync(new StreamConfig(mode), cancellation);

    /// <summary>Waits for the next stream that the peer opens.</summary>
    public ValueTask<NexStreamStream> AcceptStreamAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.AcceptStream, cancellation);
        return new ValueTask<NexStreamStream>(operation, _host.Submit(operation));
    }

    /// <summary>What the connection has done so far, and its state now; also while it closes.</summary>
    /// <exception cref="NexStreamException">The connection is over, and what it has counted is gone with it: the error that it ended with. <see cref="NexStreamHostOptions.TelemetryName"/> keeps sums.</exception>
    public ValueTask<ConnectionStatistics> GetStatisticsAsync(CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.ConnectionStatistics, cancellation);
        return new ValueTask<ConnectionStatistics>(operation, _host.Submit(operation));
    }

    /// <summary>
    /// Closes gracefully: nothing new can be sent, both sides flush for at most <see cref="ConnectionConfig.Linger"/>. Called again, or after the end, it
    /// gives the same report.
    /// </summary>
    /// <param name="reason">What the peer is told: none, or a value from <see cref="ReasonCode.ApplicationBase"/> up.</param>
    /// <param name="cancellation">Stops the waiting; the connection closes all the same.</param>
    /// <returns>What was not delivered, and what was not read.</returns>
    public ValueTask<DrainReport> CloseAsync(ReasonCode reason = ReasonCode.None, CancellationToken cancellation = default)
    {
        Operation operation = Rent(OperationKind.CloseConnection, cancellation);
        operation.Reason = reason;
        return new ValueTask<DrainReport>(operation, _host.Submit(operation));
    }

    /// <summary>Ends the connection at once. The peer is told, once. Called again it does nothing: the first reason counts.</summary>
    public void Abort(ReasonCode reason = ReasonCode.Aborted)
    {
        if (Interlocked.Exchange(ref _isAborted, 1) == 0)
        {
            _host.Post(new Command(CommandKind.Abort, _record, (long)reason));
        }
    }

    /// <summary>Closes gracefully, and waits for that. Who wants to know what was not delivered calls <see cref="CloseAsync"/> before.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        catch (NexStreamException failure) when (failure.Error == NexStreamError.HostStopped)
        {
            // A host that stopped has ended its connections.
        }
    }

    /// <summary>Called on the driver's thread, once: what the token's listeners do is done elsewhere.</summary>
    internal void OnClosed() => ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), _closed, preferLocal: false);

    private Operation Rent(OperationKind kind, CancellationToken cancellation)
    {
        Operation operation = _host.Operations.Rent(kind, cancellation);
        operation.Connection = _record;
        return operation;
    }
}
