using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>nexlink_arena_info of nexlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NexLinkArenaInfo
{
    public byte* Memory;
    public uint FrameSize;
    public uint FrameCount;
}
