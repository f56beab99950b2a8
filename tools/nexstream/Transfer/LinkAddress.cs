using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NexStream.Driver.Links;

namespace NexStream.Tool.Transfer;

/// <summary>
/// Where a transfer goes: shm:NAME, or udp:HOST:PORT with an IPv6 address in brackets. Who listens may leave the host out (udp::PORT), which is all addresses.
/// </summary>
/// <param name="Text">The address as it was given.</param>
/// <param name="Name">The name in shared memory; null for udp.</param>
/// <param name="Host">A name or an address without brackets; empty where it was left out.</param>
/// <param name="Port">The port; 0 for shm, and for any that is free.</param>
internal sealed record LinkAddress(string Text, string? Name, string Host, int Port)
{
    private const string ShmPrefix = "shm:";
    private const string UdpPrefix = "udp:";

    /// <summary>What the link layer allows in a name.</summary>
    private const int NameLengthMax = 64;

    /// <summary>Reads an address. False: it is none.</summary>
    public static bool TryParse(string text, out LinkAddress? address)
    {
        address = text.StartsWith(ShmPrefix, StringComparison.Ordinal) ? ParseShm(text)
            : text.StartsWith(UdpPrefix, StringComparison.Ordinal) ? ParseUdp(text)
            : null;
        return address is not null;
    }

    /// <summary>Where to listen.</summary>
    /// <exception cref="LinkException">The host is not known.</exception>
    public IPEndPoint ToLocal() => Host.Length == 0 ? new IPEndPoint(IPAddress.IPv6Any, Port) : Resolve();

    /// <summary>Where to send.</summary>
    /// <exception cref="LinkException">The host is not known, or there is none, or no port.</exception>
    public IPEndPoint ToRemote() => Host.Length != 0 && Port != 0
        ? Resolve()
        : throw new LinkException($"{Text} says where to listen, not where to send: give a host and a port, as in udp:HOST:4433.");

    private static LinkAddress? ParseShm(string text)
    {
        string name = text[ShmPrefix.Length..];
        bool isName = name.Length is > 0 and <= NameLengthMax && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
        return isName ? new LinkAddress(text, name, string.Empty, 0) : null;
    }

    private static LinkAddress? ParseUdp(string text)
    {
        string rest = text[UdpPrefix.Length..];
        int colon = rest.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return null;
        }

        string host = rest[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
            bool isV6 = IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6;
            return isV6 ? new LinkAddress(text, null, host, port) : null;
        }

        // A colon in a host without brackets would leave it open where the port begins.
        bool isHost = host.Length == 0 || (!host.Contains(':', StringComparison.Ordinal) && Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4);
        return isHost ? new LinkAddress(text, null, host, port) : null;
    }

    private IPEndPoint Resolve()
    {
        try
        {
            return new IPEndPoint(Dns.GetHostAddresses(Host)[0], Port);
        }
        catch (SocketException failure)
        {
            throw new LinkException($"The host {Host} of {Text} is not known ({failure.Message}): look at the name, or give an address.", failure);
        }
    }
}
