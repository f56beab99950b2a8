using System.Net.Sockets;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Links.Managed;

/// <summary>
/// The function table of nexlink.h filled with managed functions, so that everything above it has one code path and the project runs
/// with the .NET SDK alone. It has `loop` and `udp`; `shm` needs shared mappings and process handles, which are the native library's.
/// </summary>
internal static unsafe class ManagedLinkLibrary
{
    private const int FrameSizeMultiple = 64;
    private const uint FrameSizeMax = 1u << 30;

    /// <summary>The native library's bound: 32 MiB of descriptors.</summary>
    private const uint RingCapacityMax = 1u << 16;

    public static NexLinkApi* Table { get; } = CreateTable();

    private static NexLinkApi* CreateTable()
    {
        NexLinkApi* table = (NexLinkApi*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(ManagedLinkLibrary), sizeof(NexLinkApi));
        table->Version = NexLinkApi.CurrentVersion;
        table->Size = (uint)sizeof(NexLinkApi);
        table->Name = &Name;
        table->LastError = &LastError;
        table->CreateArena = &CreateArena;
        table->ArenaInfo = &ArenaInfo;
        table->DestroyArena = &DestroyArena;
        table->CreateLoop = &CreateLoop;
        table->Listen = &Listen;
        table->Accept = &Accept;
        table->CloseListener = &CloseListener;
        table->Connect = &Connect;
        table->LinkInfo = &LinkInfo;
        table->Send = &Send;
        table->Receive = &Receive;
        table->Release = &Release;
        table->Reclaim = &Reclaim;
        table->PeerState = &PeerState;
        table->Wait = &Wait;
        table->CloseLink = &CloseLink;
        table->OpenUdp = &OpenUdp;
        table->UdpDial = &UdpDial;
        table->UdpLookup = &UdpLookup;
        table->UdpInfo = &UdpInfo;
        table->Wake = &Wake;
        return table;
    }

    private static T? Target<T>(void* handle)
        where T : class => handle is null ? null : GCHandle.FromIntPtr((nint)handle).Target as T;

    private static void* Handle(object target) => (void*)GCHandle.ToIntPtr(GCHandle.Alloc(target));

    private static int Unsupported() => ManagedError.Set(
        NexLinkResult.Unsupported,
        "links between processes need the native library, which needs a C compiler when NexStream.Driver is built"u8);

    private static int NoSuchHandle() => ManagedError.Set(NexLinkResult.InvalidArgument, "there is no such arena or link"u8);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* Name() => ManagedError.Address("managed"u8);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* LastError() => ManagedError.Text;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CreateArena(uint frameSize, uint frameCount, void** arena)
    {
        if (frameSize is 0 or > FrameSizeMax || frameSize % FrameSizeMultiple != 0 || frameCount is 0 or > 1u << PayloadSlice.IndexBits)
        {
            return ManagedError.Set(NexLinkResult.InvalidArgument, "frames are a multiple of 64 bytes, at most 2^30, and 1 to 2^24 of them"u8);
        }

        try
        {
            *arena = Handle(new ManagedArena(frameSize, frameCount));
            return NexLinkResult.Ok;
        }
        catch (OutOfMemoryException)
        {
            return ManagedError.Set(NexLinkResult.NoMemory, "there is not enough memory for the frames"u8);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ArenaInfo(void* handle, NexLinkArenaInfo* info)
    {
        if (Target<ManagedArena>(handle) is not { } arena)
        {
            return NoSuchHandle();
        }

        info->Memory = arena.Memory;
        info->FrameSize = arena.FrameSize;
        info->FrameCount = arena.FrameCount;
        return NexLinkResult.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DestroyArena(void* handle)
    {
        if (Target<ManagedArena>(handle) is { } arena)
        {
            GCHandle.FromIntPtr((nint)handle).Free();
            arena.Release();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CreateLoop(void* handleA, void* handleB, uint ringCapacity, void** linkA, void** linkB)
    {
        if (Target<ManagedArena>(handleA) is not { } a || Target<ManagedArena>(handleB) is not { } b)
        {
            return NoSuchHandle();
        }

        if (!BitOperations.IsPow2(ringCapacity) || ringCapacity > RingCapacityMax)
        {
            return ManagedError.Set(NexLinkResult.InvalidArgument, "a ring's capacity is a power of two, at most 65536"u8);
        }

        try
        {
            ManagedLoop loop = new(a, b, ringCapacity);
            *linkA = Handle(loop.A);
            *linkB = Handle(loop.B);
            return NexLinkResult.Ok;
        }
        catch (OutOfMemoryException)
        {
            return ManagedError.Set(NexLinkResult.NoMemory, "there is not enough memory for the rings"u8);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Listen(byte* name, void** listener) => Unsupported();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Accept(void* listener, void* arena, uint ringCapacity, void** link) => Unsupported();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CloseListener(void* listener)
    {
        // There never is one.
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Connect(byte* name, void* arena, uint ringCapacity, uint timeoutMs, void** link) => Unsupported();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int LinkInfo(void* handle, NexLinkLinkInfo* info)
    {
        if (Target<IManagedLink>(handle) is not { } link)
        {
            return NoSuchHandle();
        }

        *info = link.Info;
        return NexLinkResult.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Send(void* handle, LinkDescriptor* descriptors, uint count) =>
        Target<IManagedLink>(handle) is { } link ? link.Send(descriptors, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Receive(void* handle, LinkDescriptor* descriptors, uint count) =>
        Target<IManagedLink>(handle) is { } link ? link.Receive(descriptors, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Release(void* handle, LinkRelease* releases, uint count) =>
        Target<IManagedLink>(handle) is { } link ? link.Release(releases, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Reclaim(void* handle, LinkRelease* releases, uint count) =>
        Target<IManagedLink>(handle) is { } link ? link.Reclaim(releases, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int PeerState(void* handle) =>
        Target<IManagedLink>(handle) is { } link ? (link.IsPeerClosed ? NexLinkResult.PeerDead : NexLinkResult.PeerAlive) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Wait(void* handle, ulong timeoutNs) =>
        Target<IManagedLink>(handle) is { } link ? link.Wait(timeoutNs) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Wake(void* handle)
    {
        if (Target<IManagedLink>(handle) is not { } link)
        {
            return NoSuchHandle();
        }

        link.Wake();
        return NexLinkResult.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CloseLink(void* handle)
    {
        if (Target<IManagedLink>(handle) is { } link)
        {
            GCHandle.FromIntPtr((nint)handle).Free();
            link.Close();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OpenUdp(void* handle, NexLinkUdpOptions* options, void** link)
    {
        if (Target<ManagedArena>(handle) is not { } arena)
        {
            return NoSuchHandle();
        }

        if (options->FrameSize is < ManagedUdpLink.FrameSizeMin or > ManagedUdpLink.FrameSizeMax || options->FrameSize % FrameSizeMultiple != 0
            || options->FrameCount is < ManagedUdpLink.FrameCountMin or > 1u << PayloadSlice.IndexBits
            || options->PeersMax is < UdpPeerTable.CapacityMin or > UdpPeerTable.CapacityMax)
        {
            return ManagedError.Set(
                NexLinkResult.InvalidArgument, "frames are a multiple of 64 bytes from 512 to 65536, and 16 to 2^24 of them; 8 to 2^20 addresses can be known"u8);
        }

        try
        {
            *link = Handle(new ManagedUdpLink(arena, in *options, LinkEpochs.Next()));
            return NexLinkResult.Ok;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => ManagedError.Set(NexLinkResult.InUse, "another socket has the port"u8),
                SocketError.AddressNotAvailable => ManagedError.Set(NexLinkResult.NotFound, "the address is none of this machine's"u8),
                SocketError.AccessDenied => ManagedError.Set(NexLinkResult.SystemFailure, "this user may not take the port"u8),
                _ => ManagedError.Set(NexLinkResult.SystemFailure, "the system gave no socket for the address"u8),
            };
        }
        catch (OutOfMemoryException)
        {
            return ManagedError.Set(NexLinkResult.NoMemory, "there is not enough memory for the frames"u8);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int UdpDial(void* handle, NexLinkUdpAddress* address, byte* node, byte* name)
    {
        if (Target<ManagedUdpLink>(handle) is not { } link)
        {
            return NoSuchHandle();
        }

        int result = link.Dial(in *address, NodeId.Read(new ReadOnlySpan<byte>(node, NodeId.Size)), out NodeId given);
        given.Write(new Span<byte>(name, NodeId.Size));
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int UdpLookup(void* handle, byte* name, NexLinkUdpAddress* address, byte* node)
    {
        if (Target<ManagedUdpLink>(handle) is not { } link)
        {
            return NoSuchHandle();
        }

        if (link.Find(NodeId.Read(new ReadOnlySpan<byte>(name, NodeId.Size))) is not { } peer)
        {
            return ManagedError.Set(NexLinkResult.NotFound, "nobody of that name is known"u8);
        }

        *address = peer.Key.ToAddress();
        peer.Key.Node.Write(new Span<byte>(node, NodeId.Size));
        return NexLinkResult.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int UdpInfo(void* handle, NexLinkUdpInfo* info)
    {
        if (Target<ManagedUdpLink>(handle) is not { } link)
        {
            return NoSuchHandle();
        }

        *info = link.UdpInfo;
        return NexLinkResult.Ok;
    }
}
