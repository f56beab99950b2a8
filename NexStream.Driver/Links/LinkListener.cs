namespace NexStream.Driver.Links;

/// <summary>Waits under a name for other processes to connect. One thread at a time may use it.</summary>
public sealed unsafe class LinkListener : IDisposable
{
    private readonly LinkLibrary _library;
    private void* _handle;

    internal LinkListener(LinkLibrary library, string name, void* handle)
    {
        _library = library;
        Name = name;
        _handle = handle;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Takes the next process that wants to connect, without waiting for one.</summary>
    /// <param name="arena">This endpoint's frames.</param>
    /// <param name="ringCapacity">Descriptors that may be under way in each direction; a power of two, at most 65536.</param>
    /// <returns>The link; null when nobody waits, or who did is gone or spoke another version.</returns>
    /// <exception cref="LinkException">An argument is out of range, or the system has no memory or descriptor left.</exception>
    public Link? Accept(LinkArena arena, int ringCapacity)
    {
        ObjectDisposedException.ThrowIf(_handle is null, this);
        _library.ThrowIfForeign(arena);
        arena.AddLink();
        void* link;
        int result = _library.Api->Accept(_handle, arena.Handle, unchecked((uint)ringCapacity), &link);
        if (result >= 0)
        {
            return new Link(_library, arena, link);
        }

        arena.RemoveLink();

        // What a peer did wrong is its own loss: the listener goes on.
        if (result is not (NexLinkResult.TryAgain or NexLinkResult.PeerGone or NexLinkResult.OtherVersion))
        {
            _library.ThrowIfFailed(result, $"Accepting under \"{Name}\" failed", "The ring's capacity is a power of two");
        }

        return null;
    }

    /// <summary>Stops listening. Links that were accepted stay.</summary>
    public void Dispose()
    {
        if (_handle is not null)
        {
            _library.Api->CloseListener(_handle);
            _handle = null;
        }
    }
}
