using System.Security.Cryptography;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;

namespace NexStream.Driver.Hosting;

/// <summary>What <see cref="NexStreamHost.OpenUdp(UdpHostOptions, NexStreamHostOptions)"/> makes: an endpoint with a socket.</summary>
public sealed record UdpHostOptions
{
    /// <summary>A payload of a sixteenth of a frame is copied where it arrives, and those of full packets shall not be.</summary>
    internal const int FrameSize = 4 * 1024;

    /// <summary>What an Ethernet carries of a UDP datagram over IPv4: 1500 bytes less the IP and the UDP header.</summary>
    private const int EthernetPayload = 1500 - 20 - 8;

    /// <summary>The socket.</summary>
    public UdpOptions Udp { get; init; } = new();

    /// <summary>Bytes of payload memory, for all connections.</summary>
    public int MemorySize { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// The endpoint's limits, and those of its connections. By default packets begin at 1200 bytes and grow to what the path carries, and a PING every
    /// 15 s keeps a NAT's entry and the connection alive: the hastiest NAT forgets after half a minute (RFC 4787 wants two).
    /// </summary>
    public EndpointConfig Endpoint { get; init; } = new()
    {
        Node = default,
        Key = default,
        Connection = new ConnectionConfig
        {
            MaxFrameLength = EthernetPayload,
            InitialFrameLength = ConnectionConfig.FrameLengthMin,
            KeepAlive = TimeSpan.FromSeconds(15),
            KeepAliveDefeatsIdle = true,
        },
    };

    /// <summary>The endpoint's configuration, with a node and a key from the operating system's generator where none were given.</summary>
    internal EndpointConfig Complete() => Endpoint with
    {
        Node = Endpoint.Node == default ? NodeId.Read(RandomNumberGenerator.GetBytes(NodeId.Size)) : Endpoint.Node,
        Key = Endpoint.Key.IsEmpty ? RandomNumberGenerator.GetBytes(EndpointConfig.KeySize) : Endpoint.Key,
    };
}
