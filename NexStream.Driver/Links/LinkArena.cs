using NexStream.Core.Buffers;

namespace NexStream.Driver.Links;

/// <summary>
/// Frames in memory that links can share. The memory stays until the arena and all its links are disposed, whichever comes last.
/// </summary>
public sealed unsafe class LinkArena : IDisposable
{
    private readonly Lock _lock = new();
    private void* _handle;
    private int _links;
    private bool _disposed;

    internal LinkArena(LinkLibrary library, void* handle)
    {
        Library = library;
        _handle = handle;
        NexLinkArenaInfo info;
        library.ThrowIfFailed(library.Api->ArenaInfo(handle, &info), "The new arena could not be read", "This is a fault of the link library");
        Memory = (nint)info.Memory;
        FrameSize = checked((int)info.FrameSize);
        FrameCount = checked((int)info.FrameCount);
    }

    /// <summary>The address of the first frame; the others follow.</summary>
    public nint Memory { get; }

    /// <summary>Bytes in a frame.</summary>
    public int FrameSize { get; }

    /// <summary>Frames.</summary>
    public int FrameCount { get; }

    internal LinkLibrary Library { get; }

    internal void* Handle => _handle;

    /// <summary>An endpoint's arena over this memory. Dispose of this object only after the endpoint's last call.</summary>
    public FrameArena CreateFrameArena() => new(Memory, FrameSize, FrameCount);

    /// <summary>Gives the memory back as soon as no link uses it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            DestroyIfUnused();
        }
    }

    internal void AddLink()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _links++;
        }
    }

    internal void RemoveLink()
    {
        lock (_lock)
        {
            _links--;
            DestroyIfUnused();
        }
    }

    private void DestroyIfUnused()
    {
        if (_disposed && _links == 0 && _handle is not null)
        {
            Library.Api->DestroyArena(_handle);
            _handle = null;
        }
    }
}
