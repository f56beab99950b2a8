using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>
/// The function table of nexlink.h, field for field. Native code fills it, or <see cref="Managed.ManagedLinkLibrary"/> does, with the same
/// meaning. Handles are opaque: only the library that made one knows what it points to.
/// </summary>
/// <remarks>
/// The fields have the ordinary calling convention, which is right for both. <see cref="Link"/> calls send, receive, release and reclaim
/// of the native table without a GC transition where they copy a bounded burst between rings, and neither block nor call back. Over a network
/// they are system calls, which take longer; and the managed table must not be called that way, because its functions are managed code, which needs the transition.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NexLinkApi
{
    /// <summary>NEXLINK_ABI_VERSION.</summary>
    public const uint CurrentVersion = 1;

    public uint Version;
    public uint Size;
    public delegate* unmanaged[Cdecl]<byte*> Name;
    public delegate* unmanaged[Cdecl]<byte*> LastError;
    public delegate* unmanaged[Cdecl]<uint, uint, void**, int> CreateArena;
    public delegate* unmanaged[Cdecl]<void*, NexLinkArenaInfo*, int> ArenaInfo;
    public delegate* unmanaged[Cdecl]<void*, void> DestroyArena;
    public delegate* unmanaged[Cdecl]<void*, void*, uint, void**, void**, int> CreateLoop;
    public delegate* unmanaged[Cdecl]<byte*, void**, int> Listen;
    public delegate* unmanaged[Cdecl]<void*, void*, uint, void**, int> Accept;
    public delegate* unmanaged[Cdecl]<void*, void> CloseListener;
    public delegate* unmanaged[Cdecl]<byte*, void*, uint, uint, void**, int> Connect;
    public delegate* unmanaged[Cdecl]<void*, NexLinkLinkInfo*, int> LinkInfo;
    public delegate* unmanaged[Cdecl]<void*, LinkDescriptor*, uint, int> Send;
    public delegate* unmanaged[Cdecl]<void*, LinkDescriptor*, uint, int> Receive;
    public delegate* unmanaged[Cdecl]<void*, LinkRelease*, uint, int> Release;
    public delegate* unmanaged[Cdecl]<void*, LinkRelease*, uint, int> Reclaim;
    public delegate* unmanaged[Cdecl]<void*, int> PeerState;
    public delegate* unmanaged[Cdecl]<void*, ulong, int> Wait;
    public delegate* unmanaged[Cdecl]<void*, void> CloseLink;
    public delegate* unmanaged[Cdecl]<void*, NexLinkUdpOptions*, void**, int> OpenUdp;
    public delegate* unmanaged[Cdecl]<void*, NexLinkUdpAddress*, byte*, byte*, int> UdpDial;
    public delegate* unmanaged[Cdecl]<void*, byte*, NexLinkUdpAddress*, byte*, int> UdpLookup;
    public delegate* unmanaged[Cdecl]<void*, NexLinkUdpInfo*, int> UdpInfo;
    public delegate* unmanaged[Cdecl]<void*, int> Wake;
}
