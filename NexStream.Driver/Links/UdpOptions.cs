using System.Net;

namespace NexStream.Driver.Links;

/// <summary>Where a <see cref="UdpLink"/> listens, and what it may hold. Every number is a bound on memory.</summary>
public sealed record UdpOptions
{
    /// <summary>
    /// The address of this end. Port 0: any that is free. <see cref="IPAddress.IPv6Any"/>, the default, is all addresses of both families,
    /// <see cref="IPAddress.Any"/> all of IPv4.
    /// </summary>
    public IPEndPoint Local { get; init; } = new(IPAddress.IPv6Any, 0);

    /// <summary>
    /// Bytes in a frame for what arrives: a longer datagram is dropped. A multiple of 64, from 512 to 65536; 2048 is enough for what an Ethernet carries.
    /// </summary>
    public int FrameSize { get; init; } = 2048;

    /// <summary>Frames for what arrives, 16 to 2^24. Half of them may be held by unread data before data is copied out of them.</summary>
    public int FrameCount { get; init; } = 2048;

    /// <summary>Addresses that are known at a time, 8 to 2^20. Half of them may be dialled.</summary>
    public int PeersMax { get; init; } = 1024;

    /// <summary>Whether datagrams of one length leave together, where the system can (UDP_SEGMENT).</summary>
    public bool UseSegmentation { get; init; } = true;

    /// <summary>Whether they are received together, where the system can (UDP_GRO).</summary>
    public bool UseCoalescing { get; init; } = true;

    /// <summary>
    /// Bytes that the system is asked to buffer, each way: 4 MiB are 32 ms of 1 Gbit/s. It gives what it wants to, on Linux up to net.core.rmem_max and wmem_max.
    /// </summary>
    public int SocketBuffer { get; init; } = 4 * 1024 * 1024;

    internal NexLinkUdpOptions ToNative() => new()
    {
        Local = NexLinkUdpAddress.From(Local),
        FrameSize = unchecked((uint)FrameSize),
        FrameCount = unchecked((uint)FrameCount),
        PeersMax = unchecked((uint)PeersMax),
        Flags = (UseSegmentation ? 0 : NexLinkUdpOptions.NoSegmentation) | (UseCoalescing ? 0 : NexLinkUdpOptions.NoCoalescing),
        SocketBuffer = (uint)Math.Max(SocketBuffer, 0),
    };
}
