using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Connections;

/// <summary>Every stream that any peer opens on any connection to a host is an accepted connection.</summary>
internal sealed class NexStreamConnectionListener : IConnectionListener
{
    /// <summary>Connections that were accepted and not taken yet, as a TCP listener's backlog: beyond it peers wait.</summary>
    private const int Backlog = 512;

    private readonly NexStreamHost _host;
    private readonly bool _isOwner;
    private readonly CancellationTokenSource _unbound = new();
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateBounded<ConnectionContext>(Backlog);
    private readonly Task _accepting;

    public NexStreamConnectionListener(NexStreamHost host, bool isOwner)
    {
        _host = host;
        _isOwner = isOwner;
        EndPoint = host.LocalEndPoint as EndPoint ?? new NexStreamEndPoint(host.Node);
        _accepting = AcceptConnectionsAsync();
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out ConnectionContext? context))
            {
                return context;
            }
        }

        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _unbound.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        _accepted.Writer.TryComplete();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        while (_accepted.Reader.TryRead(out ConnectionContext? untaken))
        {
            await untaken.DisposeAsync().ConfigureAwait(false);
        }

        if (_isOwner)
        {
            await _host.DisposeAsync().ConfigureAwait(false);
        }

        _unbound.Dispose();
    }

    private async Task AcceptConnectionsAsync()
    {
        try
        {
            while (true)
            {
                NexStreamConnection connection = await _host.AcceptAsync(_unbound.Token).ConfigureAwait(false);
                _ = AcceptStreamsAsync(connection);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or NexStreamException)
        {
            // Unbound, or the host was stopped: nobody else can come.
        }
    }

    /// <summary>Until the connection ends: after <see cref="UnbindAsync"/> nothing is accepted, and who still asks hears that instead of waiting.</summary>
    private async Task AcceptStreamsAsync(NexStreamConnection connection)
    {
        try
        {
            while (true)
            {
                NexStreamStream stream = await connection.AcceptStreamAsync().ConfigureAwait(false);
                if (stream.Mode != TransportMode.ReliableOrdered)
                {
                    // The peer speaks another protocol.
                    connection.Abort(ReasonCode.ProtocolViolation);
                }
                else if (_unbound.IsCancellationRequested)
                {
                    stream.Abort(ReasonCode.ConnectionRefused);
                }
                else
                {
                    await HandOutAsync(stream).ConfigureAwait(false);
                }
            }
        }
        catch (NexStreamException)
        {
            // The connection ended.
        }
    }

    private async Task HandOutAsync(NexStreamStream stream)
    {
        NexStreamConnectionContext context = new(stream, EndPoint, new NexStreamEndPoint(stream.Connection.Remote));
        try
        {
            await _accepted.Writer.WriteAsync(context, _unbound.Token).ConfigureAwait(false);
        }
        catch (Exception end) when (end is OperationCanceledException or ChannelClosedException or ObjectDisposedException)
        {
            // Unbound while it waited for room.
            context.Abort();
            await context.DisposeAsync().ConfigureAwait(false);
        }
    }
}
