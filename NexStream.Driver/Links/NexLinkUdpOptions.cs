using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>nexlink_udp_options of nexlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NexLinkUdpOptions
{
    public const uint NoSegmentation = 1;
    public const uint NoCoalescing = 2;

    public NexLinkUdpAddress Local;
    public uint FrameSize;
    public uint FrameCount;
    public uint PeersMax;
    public uint Flags;
    public uint SocketBuffer;
    public uint Reserved;
}
