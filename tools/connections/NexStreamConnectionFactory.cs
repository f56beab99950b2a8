using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Connections;

/// <summary>
/// Connects over NexStream where ASP.NET Core or Orleans would connect over TCP. To each address there is one NexStream connection, made when it is first
/// wanted and again when it was lost; each connection that is asked for is a stream of it.
/// </summary>
public sealed class NexStreamConnectionFactory : IConnectionFactory, IAsyncDisposable
{
    private readonly Lazy<NexStreamHost> _host;
    private readonly bool _isOwner;
    private readonly ConcurrentDictionary<EndPoint, Lazy<Task<NexStreamConnection>>> _connections = new();

    /// <summary>Over a UDP socket of its own, on any free port.</summary>
    public NexStreamConnectionFactory()
        : this(new UdpHostOptions())
    {
    }

    /// <summary>Over a UDP socket of its own, with limits and time-outs. It accepts no connections, whatever these say: nobody would take them.</summary>
    public NexStreamConnectionFactory(UdpHostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _host = new Lazy<NexStreamHost>(() => NexStreamHost.OpenUdp(options with { Endpoint = options.Endpoint with { AcceptConnections = false } }));
        _isOwner = true;
    }

    /// <summary>Over a host that stays the caller's.</summary>
    public NexStreamConnectionFactory(NexStreamHost host) => _host = new Lazy<NexStreamHost>(host);

    /// <inheritdoc />
    /// <exception cref="NexStreamException">Nobody answers there, or a limit is reached.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        NexStreamStream stream = await OpenAsync(endpoint, cancellationToken).ConfigureAwait(false);
        return new NexStreamConnectionContext(stream, _host.Value.LocalEndPoint, endpoint);
    }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>: an HttpClient that speaks over NexStream.</summary>
    /// <param name="address">Whom to call, whatever host the request names; null: the host of the request, which is looked up as for TCP.</param>
    public Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> ConnectCallback(EndPoint? address = null) => async (context, cancellation) =>
    {
        EndPoint to = address ?? await LookUpAsync(context.DnsEndPoint, cancellation).ConfigureAwait(false);
        return (await OpenAsync(to, cancellation).ConfigureAwait(false)).AsStream();
    };

    /// <summary>Closes the connections, by disposing of the host if it is the factory's.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isOwner)
        {
            if (_host.IsValueCreated)
            {
                await _host.Value.DisposeAsync().ConfigureAwait(false);
            }

            return;
        }

        foreach (Lazy<Task<NexStreamConnection>> connection in _connections.Values)
        {
            try
            {
                await (await connection.Value.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            }
            catch (NexStreamException)
            {
                // It was never made.
            }
        }
    }

    private static async Task<EndPoint> LookUpAsync(DnsEndPoint name, CancellationToken cancellation)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(name.Host, name.AddressFamily, cancellation).ConfigureAwait(false);
        return new IPEndPoint(addresses[0], name.Port);
    }

    private async Task<NexStreamStream> OpenAsync(EndPoint endpoint, CancellationToken cancellation)
    {
        while (true)
        {
            Lazy<Task<NexStreamConnection>> entry = _connections.GetOrAdd(endpoint, Dial);
            bool wasThere = entry is { IsValueCreated: true, Value.IsCompletedSuccessfully: true };
            NexStreamConnection connection = await entry.Value.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return await connection.OpenStreamAsync(TransportMode.ReliableOrdered, cancellation).ConfigureAwait(false);
            }
            catch (NexStreamException failure) when (wasThere && failure.Error is not (NexStreamError.LimitReached or NexStreamError.HostStopped))
            {
                // It was lost since it was last used: made again at once, but not again and again where that is lost as well.
                _connections.TryRemove(new(endpoint, entry));
            }
        }
    }

    /// <summary>
    /// One dial for all who ask at the same time, so that none of them cancels it: the handshake's time-out ends it. What failed or ended is forgotten at once, so that the next
    /// call dials, and does not hear of how an earlier one failed.
    /// </summary>
    private Lazy<Task<NexStreamConnection>> Dial(EndPoint endpoint)
    {
        Lazy<Task<NexStreamConnection>> entry = null!;
        entry = new Lazy<Task<NexStreamConnection>>(async () =>
        {
            // The caller has the entry before anything can end it.
            await Task.Yield();
            try
            {
                NexStreamConnection connection = await DialAsync(endpoint).ConfigureAwait(false);
                connection.Closed.UnsafeRegister(_ => Forget(), null);
                return connection;
            }
            catch
            {
                Forget();
                throw;
            }
        });
        return entry;

        void Forget() => _connections.TryRemove(new(endpoint, entry));
    }

    private Task<NexStreamConnection> DialAsync(EndPoint endpoint) => endpoint switch
    {
        IPEndPoint address => _host.Value.ConnectAsync(address).AsTask(),
        NexStreamEndPoint named => _host.Value.ConnectAsync(named.Node).AsTask(),
        _ => throw new NotSupportedException($"NexStream connects to IP addresses and to nodes, not to {endpoint}."),
    };
}
