using System.Net;
using Microsoft.AspNetCore.Connections;
using NexStream.Driver.Hosting;

namespace NexStream.Connections;

/// <summary>Listens over NexStream where ASP.NET Core or Orleans would listen over TCP: register it as the <see cref="IConnectionListenerFactory"/>.</summary>
public sealed class NexStreamConnectionListenerFactory : IConnectionListenerFactory
{
    private readonly Func<EndPoint, (NexStreamHost Host, bool IsOwner)> _open;

    /// <summary>Over hosts that somebody else makes.</summary>
    /// <param name="open">Gives the host for an address, and whether the listener shall dispose of it; null: a host of its own over UDP.</param>
    public NexStreamConnectionListenerFactory(Func<EndPoint, (NexStreamHost Host, bool IsOwner)>? open = null) => _open = open ?? (local => (Open(local, new UdpHostOptions()), true));

    /// <summary>Over a UDP socket for each address, with limits and time-outs.</summary>
    /// <param name="options">All but the local address, which is the one that is asked for.</param>
    public NexStreamConnectionListenerFactory(UdpHostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _open = local => (Open(local, options), true);
    }

    /// <inheritdoc />
    /// <exception cref="AddressInUseException">The UDP port is taken.</exception>
    /// <exception cref="NotSupportedException">The address is none of IP.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        (NexStreamHost host, bool isOwner) = _open(endpoint);
        return ValueTask.FromResult<IConnectionListener>(new NexStreamConnectionListener(host, isOwner));
    }

    private static NexStreamHost Open(EndPoint endpoint, UdpHostOptions options)
    {
        if (endpoint is not IPEndPoint address)
        {
            throw new NotSupportedException($"NexStream over UDP listens at an IP address and a port, not at {endpoint}.");
        }

        try
        {
            return NexStreamHost.OpenUdp(options with { Udp = options.Udp with { Local = address } });
        }
        catch (Driver.Links.LinkException failure)
        {
            throw new AddressInUseException(failure.Message, failure);
        }
    }
}
