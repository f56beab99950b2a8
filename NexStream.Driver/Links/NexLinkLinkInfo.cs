using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>nexlink_link_info of nexlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NexLinkLinkInfo
{
    public byte* PeerMemory;
    public uint PeerFrameSize;
    public uint PeerFrameCount;
    public uint Epoch;
    public int PeerPid;
}
