using System.Net;
using Microsoft.AspNetCore.Connections;
using NexStream.Driver.Hosting;

namespace NexStream.Connections;

/// <summary>Listens over NexStream where ASP.NET Core or Orleans would listen over TCP: register it as the <see cref="IConnectionListenerFactory"/>.</summary>
/// <param name="open">Gives the host for an address, and whether the listener shall dispose of it; null: a host of its own over UDP.</param>
public sealed class NexStreamConnectionListenerFactory(Func<EndPoint, (NexStreamHost Host, bool IsOwner)>? open = null) : IConnectionListenerFactory
{
    /// <inheritdoc />
    /// <exception cref="AddressInUseException">The UDP port is taken.</exception>
    /// <exception cref="NotSupportedException">The address is none of IP.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        (NexStreamHost host, bool isOwner) = open is null ? (Open(endpoint), true) : open(endpoint);
        return ValueTask.FromResult<IConnectionListener>(new NexStreamConnectionListener(host, isOwner));
    }

    private static NexStreamHost Open(EndPoint endpoint)
    {
        if (endpoint is not IPEndPoint address)
        {
            throw new NotSupportedException($"NexStream over UDP listens at an IP address and a port, not at {endpoint}.");
        }

        try
        {
            return NexStreamHost.OpenUdp(address);
        }
        catch (Driver.Links.LinkException failure)
        {
            throw new AddressInUseException(failure.Message, failure);
        }
    }
}
