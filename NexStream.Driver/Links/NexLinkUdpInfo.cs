using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>nexlink_udp_info of nexlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NexLinkUdpInfo
{
    public const uint Segmentation = 1;
    public const uint Coalescing = 2;
    public const uint Marks = 4;

    public NexLinkUdpAddress Local;
    public uint Features;
    public uint Peers;
    public int LastError;
    public uint Reserved;
    public ulong Sent;
    public ulong SendCalls;
    public ulong Received;
    public ulong ReceiveCalls;
    public ulong DroppedShort;
    public ulong DroppedVersion;
    public ulong DroppedLength;
    public ulong DroppedChecksum;
    public ulong DroppedOversize;
    public ulong DroppedNoFrame;
    public ulong DroppedUnroutable;
    public ulong DroppedTooLong;
    public ulong DroppedRefused;
    public ulong PeersEvicted;
}
