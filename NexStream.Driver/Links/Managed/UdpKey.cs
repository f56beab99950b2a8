using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Links.Managed;

/// <summary>A node as a datagram claims it, at the address that the datagram came from. As words, so that comparing and hashing is cheap.</summary>
internal readonly record struct UdpKey(NodeId Node, ulong AddressHigh, ulong AddressLow, uint Scope, ushort Port)
{
    /// <summary>Where a socket address has what (struct sockaddr_in and sockaddr_in6).</summary>
    private const int PortOffset = 2;
    private const int V4Offset = 4;
    private const int V6Offset = 8;
    private const int ScopeOffset = 24;

    /// <summary>The upper words of an IPv4 address as IPv6 has it (RFC 4291 §2.5.5.2): zeros, then 0xFFFF in front of the four bytes.</summary>
    private const ulong V4Mapped = 0xFFFF_0000_0000;

    public static UdpKey From(in NexLinkUdpAddress address, NodeId node)
    {
        NodeId words = NodeId.Read(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<NexLinkUdpAddress, byte>(ref Unsafe.AsRef(in address)), NexLinkUdpAddress.Size));
        return new UdpKey(node, words.High, words.Low, address.Scope, address.Port);
    }

    public static UdpKey From(SocketAddress address, NodeId node)
    {
        ReadOnlySpan<byte> bytes = address.Buffer.Span;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[PortOffset..]);
        if (address.Family == AddressFamily.InterNetwork)
        {
            return new UdpKey(node, 0, V4Mapped | BinaryPrimitives.ReadUInt32BigEndian(bytes[V4Offset..]), 0, port);
        }

        NodeId words = NodeId.Read(bytes[V6Offset..]);
        return new UdpKey(node, words.High, words.Low, MemoryMarshal.Read<uint>(bytes[ScopeOffset..]), port);
    }

    public NexLinkUdpAddress ToAddress()
    {
        NexLinkUdpAddress result = new() { Scope = Scope, Port = Port };
        new NodeId(AddressHigh, AddressLow).Write(result.Address);
        return result;
    }

    /// <summary>The address as a socket of the family takes it.</summary>
    public SocketAddress ToSocketAddress(AddressFamily family)
    {
        IPEndPoint endPoint = ToAddress().ToEndPoint();
        return (family == AddressFamily.InterNetwork ? endPoint : new IPEndPoint(endPoint.Address.MapToIPv6(), endPoint.Port)).Serialize();
    }
}
