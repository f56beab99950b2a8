using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>nexlink_udp_address of nexlink.h: an IPv6 address, or an IPv4 address as ::ffff:a.b.c.d.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NexLinkUdpAddress
{
    /// <summary>Bytes of an IPv6 address.</summary>
    public const int Size = 16;

    public AddressBytes Address;
    public uint Scope;
    public ushort Port;
    public ushort Reserved;

    public static NexLinkUdpAddress From(IPEndPoint endPoint)
    {
        NexLinkUdpAddress result = default;
        IPAddress address = endPoint.Address.MapToIPv6();
        _ = address.TryWriteBytes(result.Address, out _);
        result.Scope = address.IsIPv6LinkLocal ? checked((uint)address.ScopeId) : 0;
        result.Port = checked((ushort)endPoint.Port);
        return result;
    }

    public readonly IPEndPoint ToEndPoint()
    {
        IPAddress address = new(Address, Scope);
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, Port);
    }

    [InlineArray(Size)]
    internal struct AddressBytes
    {
        private byte _first;
    }
}
