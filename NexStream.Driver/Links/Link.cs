using System.Runtime.CompilerServices;

namespace NexStream.Driver.Links;

/// <summary>
/// One end of a link between two endpoints: descriptors go out and come in, and holds on frames come back. One thread at a time may use it.
/// The calls that move data never throw for anything that the peer did: they answer with counts, or with <see cref="PeerGone"/>.
/// </summary>
public sealed unsafe class Link : IDisposable
{
    /// <summary>The answer when the peer is gone for good, or what it wrote cannot be trusted: there is nothing left but to dispose of the link.</summary>
    public const int PeerGone = NexLinkResult.PeerGone;

    /// <summary>
    /// The most descriptors that a call without a GC transition moves: 8 KiB, under the microsecond for which the collector may wait for this thread.
    /// Only a peer that sleeps costs such a call more, one system call that wakes it and never blocks.
    /// </summary>
    private const int DescriptorsUnderAMicrosecond = 16;

    /// <summary>The same bound for releases, each of which may touch a cache line of the other process.</summary>
    private const int ReleasesUnderAMicrosecond = 16;

    private readonly NexLinkApi* _api;

    /// <summary>Whether the calls that move data are rings in memory, native and short enough to go without a GC transition.</summary>
    private readonly bool _isBrief;

    private void* _handle;

    internal Link(LinkLibrary library, LinkArena arena, void* handle, bool isNetwork = false)
    {
        Library = library;
        Arena = arena;
        _api = library.Api;
        _isBrief = library.IsNative && !isNetwork;
        IsNetwork = isNetwork;
        _handle = handle;
        NexLinkLinkInfo info;
        library.ThrowIfFailed(_api->LinkInfo(handle, &info), "The new link could not be read", "This is a fault of the link library");
        PeerMemory = (nint)info.PeerMemory;
        PeerFrameSize = checked((int)info.PeerFrameSize);
        PeerFrameCount = checked((int)info.PeerFrameCount);
        Epoch = info.Epoch;
        PeerProcessId = info.PeerPid;
    }

    /// <summary>The library that made the link.</summary>
    public LinkLibrary Library { get; }

    /// <summary>The frames of this end.</summary>
    public LinkArena Arena { get; }

    /// <summary>
    /// Whether the link reaches many nodes over a network. Then the peer's frames are this link's own, which no other process can change, and a received
    /// descriptor has the whole packet in one slice.
    /// </summary>
    public bool IsNetwork { get; }

    /// <summary>The address of the peer's first frame, for reading only; valid until the link is disposed.</summary>
    public nint PeerMemory { get; }

    /// <summary>Bytes in a frame of the peer.</summary>
    public int PeerFrameSize { get; }

    /// <summary>Frames of the peer.</summary>
    public int PeerFrameCount { get; }

    /// <summary>Unique among the links of this process, so that a peer that comes back is a new one.</summary>
    public uint Epoch { get; }

    /// <summary>The peer's process; 0 when it is this one.</summary>
    public int PeerProcessId { get; }

    /// <summary>Whether the peer's process lives and has its end open. A system call: ask now and then, not in every turn of a loop.</summary>
    public bool IsPeerAlive
    {
        get
        {
            ThrowIfDisposed();
            return _api->PeerState(_handle) == NexLinkResult.PeerAlive;
        }
    }

    /// <summary>Hands descriptors to the peer. Each slice is one hold on a frame of <see cref="Arena"/>, until <see cref="Reclaim"/> gives it back.</summary>
    /// <returns>How many were taken, the first ones: fewer than given when the ring is full. Or <see cref="PeerGone"/>.</returns>
    /// <exception cref="LinkException">A descriptor's counts are out of range or a slice is not inside the arena.</exception>
    public int Send(ReadOnlySpan<LinkDescriptor> descriptors)
    {
        ThrowIfDisposed();
        fixed (LinkDescriptor* first = descriptors)
        {
            int result = _isBrief && descriptors.Length <= DescriptorsUnderAMicrosecond
                ? ((delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, LinkDescriptor*, uint, int>)_api->Send)(_handle, first, (uint)descriptors.Length)
                : _api->Send(_handle, first, (uint)descriptors.Length);
            return Checked(result, "Sending failed", "A slice must lie inside a frame of the sender's arena");
        }
    }

    /// <summary>Takes descriptors that the peer sent. Each slice lies inside a frame of the peer and is one hold, to be given back with <see cref="Release"/>.</summary>
    /// <returns>How many were written to the front of <paramref name="descriptors"/>; or <see cref="PeerGone"/>, when nothing is left either.</returns>
    /// <exception cref="LinkException">The link library failed.</exception>
    public int Receive(Span<LinkDescriptor> descriptors)
    {
        ThrowIfDisposed();
        fixed (LinkDescriptor* first = descriptors)
        {
            int result = _isBrief && descriptors.Length <= DescriptorsUnderAMicrosecond
                ? ((delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, LinkDescriptor*, uint, int>)_api->Receive)(_handle, first, (uint)descriptors.Length)
                : _api->Receive(_handle, first, (uint)descriptors.Length);
            return Checked(result, "Receiving failed", "This is a fault of the link library");
        }
    }

    /// <summary>Gives holds on the peer's frames back. There is always room.</summary>
    /// <returns>How many entries were taken: all of them, also when nobody is left to take them.</returns>
    /// <exception cref="LinkException">More holds than were received, or the peer has no such frame; then none was given back.</exception>
    public int Release(ReadOnlySpan<LinkRelease> releases)
    {
        ThrowIfDisposed();
        fixed (LinkRelease* first = releases)
        {
            int result = _isBrief && releases.Length <= ReleasesUnderAMicrosecond
                ? ((delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, LinkRelease*, uint, int>)_api->Release)(_handle, first, (uint)releases.Length)
                : _api->Release(_handle, first, (uint)releases.Length);
            return Checked(result, "Giving frames back failed", "Only frames that were received can be given back");
        }
    }

    /// <summary>Collects holds on own frames that the peer gave back, or that it left behind when it died.</summary>
    /// <returns>How many entries were written to the front of <paramref name="releases"/>; call again until it is 0.</returns>
    /// <exception cref="LinkException">The link library failed.</exception>
    public int Reclaim(Span<LinkRelease> releases)
    {
        ThrowIfDisposed();
        fixed (LinkRelease* first = releases)
        {
            int result = _isBrief && releases.Length <= ReleasesUnderAMicrosecond
                ? ((delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, LinkRelease*, uint, int>)_api->Reclaim)(_handle, first, (uint)releases.Length)
                : _api->Reclaim(_handle, first, (uint)releases.Length);
            return Checked(result, "Collecting frames failed", "This is a fault of the link library");
        }
    }

    /// <summary>Sleeps until the peer sent or gave back something, it died, or the time has passed: the only call here that blocks.</summary>
    /// <param name="timeoutNs">Nanoseconds; not negative. The managed library wakes up early from what is not a whole number of milliseconds.</param>
    public void Wait(long timeoutNs)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(timeoutNs);
        _ = _api->Wait(_handle, (ulong)timeoutNs);
    }

    /// <summary>
    /// Ends the wait that another thread is in, or else the next one. The one call that may be made while another thread uses the link; not while it is disposed of.
    /// The managed library's UDP link notices within a millisecond.
    /// </summary>
    public void Wake()
    {
        ThrowIfDisposed();
        _ = _api->Wake(_handle);
    }

    /// <summary>Closes this end: the peer finds itself alone and gets all its holds back. The peer's frames are unmapped.</summary>
    public void Dispose()
    {
        if (_handle is not null)
        {
            _api->CloseLink(_handle);
            _handle = null;
            Arena.RemoveLink();
        }
    }

    internal void* Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_handle is null, this);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Checked(int result, string what, string advice)
    {
        if (result < 0 && result != PeerGone)
        {
            Library.ThrowIfFailed(result, what, advice);
        }

        return result;
    }
}
