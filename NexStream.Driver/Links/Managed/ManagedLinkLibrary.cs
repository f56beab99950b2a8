using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Buffers;

namespace NexStream.Driver.Links.Managed;

/// <summary>
/// The function table of nexlink.h filled with managed functions, so that everything above it has one code path and the project runs
/// with the .NET SDK alone. It has `loop`; `shm` needs shared mappings and process handles, which are the native library's.
/// </summary>
internal static unsafe class ManagedLinkLibrary
{
    private const int FrameSizeMultiple = 64;

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
        if (frameSize is 0 or > int.MaxValue || frameSize % FrameSizeMultiple != 0 || frameCount is 0 or > 1u << PayloadSlice.IndexBits)
        {
            return ManagedError.Set(NexLinkResult.InvalidArgument, "frames are a multiple of 64 bytes, 1 to 2^24 of them"u8);
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
        if (Target<ManagedLink>(handle) is not { } link)
        {
            return NoSuchHandle();
        }

        info->PeerMemory = link.PeerArena.Memory;
        info->PeerFrameSize = link.PeerArena.FrameSize;
        info->PeerFrameCount = link.PeerArena.FrameCount;
        info->Epoch = link.Epoch;
        info->PeerPid = 0;
        return NexLinkResult.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Send(void* handle, LinkDescriptor* descriptors, uint count) =>
        Target<ManagedLink>(handle) is { } link ? link.Send(descriptors, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Receive(void* handle, LinkDescriptor* descriptors, uint count) =>
        Target<ManagedLink>(handle) is { } link ? link.Receive(descriptors, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Release(void* handle, LinkRelease* releases, uint count) =>
        Target<ManagedLink>(handle) is { } link ? link.Release(releases, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Reclaim(void* handle, LinkRelease* releases, uint count) =>
        Target<ManagedLink>(handle) is { } link ? link.Reclaim(releases, count) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int PeerState(void* handle) =>
        Target<ManagedLink>(handle) is { } link ? (link.IsPeerClosed ? NexLinkResult.PeerDead : NexLinkResult.PeerAlive) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Wait(void* handle, ulong timeoutNs) =>
        Target<ManagedLink>(handle) is { } link ? link.Wait(timeoutNs) : NoSuchHandle();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CloseLink(void* handle)
    {
        if (Target<ManagedLink>(handle) is { } link)
        {
            GCHandle.FromIntPtr((nint)handle).Free();
            link.Close();
        }
    }
}
