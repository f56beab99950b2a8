using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>
/// Pieces that arrive in a row, one behind the other, and are put behind the last chunk of a list: of the bytes of a stream (<see cref="ArrivingRun"/>), or of a message
/// (<see cref="ArrivingFragments"/>). The list learns of its new end from the caller, and of what joined its last chunk in <see cref="Join"/>.
/// </summary>
internal struct ArrivingPieces
{
    private FrameTable _frames;
    private PayloadStore _store;
    private MemoryShare _memory;
    private FrameRegion _region;

    /// <summary>What the last chunk holds. Pieces that adjoin it in a peer's frame are held by the same reference, and cost neither frame nor chunk.</summary>
    private PayloadSlice _last;

    /// <summary>Whether they lie in a peer's frames: a frame of the endpoint's own comes with a reference for each piece, which has to be given back.</summary>
    private bool _isPeers;

    /// <summary>Pieces that joined it, which frame and chunk do not know of yet.</summary>
    private int _joined;

    /// <summary>Pieces for which there are certainly frames and chunks: whatever happens before the run is settled gives back more of them.</summary>
    private int _room;

    /// <summary>The list's last chunk.</summary>
    public int Tail { get; private set; }

    /// <summary>A piece was put at the end of a list.</summary>
    /// <param name="state">The endpoint.</param>
    /// <param name="memory">The share of the connection that keeps them.</param>
    /// <param name="tail">The list's last chunk.</param>
    /// <param name="slice">The piece.</param>
    public void Begin(EndpointState state, MemoryShare memory, int tail, in PayloadSlice slice)
    {
        _frames = state.Frames;
        _store = state.Store;
        _memory = memory;
        _region = _frames.RegionOf(slice.Frame);
        _last = _store.Chunks[tail].Slice;
        _isPeers = !ReferenceEquals(_region, _frames.Arena);
        _room = Math.Min(_frames.RoomFor(_region, _memory), _store.Chunks.FreeCount);
        Tail = tail;
    }

    /// <summary>Puts the next piece behind the one before. False: it lies elsewhere, or there is no room, and nothing was done.</summary>
    /// <param name="slice">The piece, longer than what is copied.</param>
    /// <param name="position">Where it begins.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in PayloadSlice slice, ulong position)
    {
        FrameRegion region = _region;
        if (_room == 0)
        {
            return false;
        }

        if (_isPeers && _last.IsFollowedBy(slice) && region.Contains(slice))
        {
            _last = _last.WithLength(_last.Length + slice.Length);
            _joined++;
            return true;
        }

        if (slice.Region != region.Number || !region.Contains(slice))
        {
            return false;
        }

        Join();
        _frames.Adopt(region, slice, _memory);
        Tail = _store.LinkBehind(Tail, slice, position);
        _last = slice;
        _room--;
        return true;
    }

    /// <summary>Chunk and frame learn of what joined.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Join()
    {
        if (_joined > 0)
        {
            _store.Chunks[Tail].Slice = _last;
            _region.Records[_last.Index].Holds += _joined;
            _joined = 0;
        }
    }
}
