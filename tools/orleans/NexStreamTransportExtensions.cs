using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NexStream.Connections;
using NexStream.Driver.Hosting;

namespace NexStream.Orleans;

/// <summary>
/// Puts the connections of Microsoft Orleans on NexStream over UDP, at the addresses and ports that Orleans was given for TCP. All silos and clients of a cluster have
/// to do so.
/// </summary>
public static class NexStreamTransportExtensions
{
    /// <summary>A PING after so long without a packet: a silo that is gone is missed although nobody has anything to say to it.</summary>
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a silo may be silent while it is asked. Over TCP the kernel of a process that was killed says so at once; here silence alone does, and Orleans
    /// itself calls a silo dead after three probes of 5 s each. A pause of the garbage collector's must not be taken for an end.
    /// </summary>
    private static readonly TimeSpan s_peerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Less than the 5 s of Orleans' OpenConnectionTimeout, so that Orleans hears why nobody could be reached.</summary>
    private static readonly TimeSpan s_handshakeTimeout = TimeSpan.FromSeconds(4);

    /// <summary>A gateway serves as many clients, a silo knows as many others.</summary>
    private const int ConnectionsMax = 1024;

    /// <summary>What <see cref="UseNexStream(ISiloBuilder, UdpHostOptions)"/> takes where nothing else is given: a peer that is gone is noticed within 6 s.</summary>
    public static UdpHostOptions DefaultOptions
    {
        get
        {
            UdpHostOptions options = new();
            return options with
            {
                Endpoint = options.Endpoint with
                {
                    MaxConnections = ConnectionsMax,
                    Connection = options.Endpoint.Connection with { KeepAlive = s_keepAlive, PeerTimeout = s_peerTimeout, HandshakeTimeout = s_handshakeTimeout },
                },
                Udp = options.Udp with { PeersMax = 2 * ConnectionsMax },
            };
        }
    }

    /// <summary>Silo to silo, and whatever clients connect to the gateway: one socket each for the silo's port, for the gateway's, and to call from.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="options">Limits and time-outs of each socket; its local address is Orleans' affair. Null: <see cref="DefaultOptions"/>.</param>
    /// <exception cref="InvalidOperationException">This version of Orleans keeps its connections elsewhere.</exception>
    public static ISiloBuilder UseNexStream(this ISiloBuilder builder, UdpHostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        options ??= DefaultOptions;
        ReplaceEach<IConnectionFactory>(builder.Services, () => new NexStreamConnectionFactory(options));
        ReplaceEach<IConnectionListenerFactory>(builder.Services, () => new NexStreamConnectionListenerFactory(options));
        return builder;
    }

    /// <summary>From the client to gateways, all over one socket.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="options">Limits and time-outs of the socket; null: <see cref="DefaultOptions"/>.</param>
    /// <exception cref="InvalidOperationException">This version of Orleans keeps its connections elsewhere.</exception>
    public static IClientBuilder UseNexStream(this IClientBuilder builder, UdpHostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        options ??= DefaultOptions;
        ReplaceEach<IConnectionFactory>(builder.Services, () => new NexStreamConnectionFactory(options));
        return builder;
    }

    /// <summary>
    /// Orleans looks its transports up by keys that it tells nobody, so they are replaced where they were registered. What was registered before is found, which is all of
    /// Orleans' own: the builder registers it before it is handed out.
    /// </summary>
    private static void ReplaceEach<TService>(IServiceCollection services, Func<TService> create)
        where TService : class
    {
        object?[] keys = [.. services.Where(service => service.IsKeyedService && service.ServiceType == typeof(TService)).Select(service => service.ServiceKey).Distinct()];
        if (keys.Length == 0)
        {
            throw new InvalidOperationException($"Orleans has registered no {typeof(TService).Name} that could be replaced: this version of it is not known here.");
        }

        foreach (object? key in keys)
        {
            services.RemoveAllKeyed<TService>(key);
            services.AddKeyedSingleton(key, (_, _) => create());
        }
    }
}
