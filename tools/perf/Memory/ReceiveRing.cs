using System.Runtime.CompilerServices;
using NexStream.Core;
using NexStream.Core.Buffers;

namespace NexStream.Perf.Memory;

/// <summary>
/// The frames into which an imagined network card writes what it receives: headers apart, and payload behind payload while a frame has room, as cards do that split
/// headers off and take several packets a buffer. A frame is written again when nobody reads any of it.
/// </summary>
internal sealed class ReceiveRing : IFrameReleaser
{
    private readonly PeerRegion _region;
    private readonly int[] _free;
    private int _freeCount;

    /// <summary>Packets of each frame that the receiver holds.</summary>
    private readonly int[] _holds;

    /// <summary>The frame that is being filled, and how far it is.</summary>
    private int _current;
    private int _filled;

    private readonly LineBuffer _memory;

    /// <summary>Shows the receiver so many empty frames.</summary>
    public ReceiveRing(Endpoint receiver, int frameBytes, int frames)
    {
        _memory = new LineBuffer(checked(frameBytes * frames));
        unsafe
        {
            // The memory is pinned for as long as the ring lives.
            fixed (byte* memory = _memory.Span)
            {
                _region = new PeerRegion((nint)memory, frameBytes, frames, this);
            }
        }

        receiver.RegisterRegion(_region);
        _holds = new int[frames];
        _free = new int[frames];
        for (int frame = frames - 1; frame > 0; frame--)
        {
            _free[_freeCount++] = frame;
        }
    }

    /// <summary>Frames that the receiver holds.</summary>
    public long OccupiedBytes => (long)_region.HeldCount * _region.FrameSize;

    /// <summary>Writes a packet's payload behind the one before. Returns where, with a reference that is the receiver's.</summary>
    /// <exception cref="InvalidOperationException">The receiver holds all frames.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PayloadSlice Write(ReadOnlySpan<byte> payload)
    {
        if (_filled + payload.Length > _region.FrameSize)
        {
            Advance();
        }

        var slice = new PayloadSlice(PayloadSlice.FrameOf(_region.Number, _current), _filled, payload.Length);
        CardCopy.Copy(payload, _region.Bytes(_current, _filled, payload.Length));
        _filled += payload.Length;
        _holds[_current]++;
        return slice;
    }

    /// <inheritdoc />
    public void Release(int index, int holds)
    {
        _holds[index] -= holds;
        if (_holds[index] == 0 && index != _current)
        {
            _free[_freeCount++] = index;
        }
    }

    private void Advance()
    {
        // The frame that was filled last may have been given back meanwhile.
        _filled = 0;
        if (_holds[_current] == 0)
        {
            return;
        }

        if (_freeCount == 0)
        {
            throw new InvalidOperationException("The receiver holds all frames of the card: the window is larger than they are.");
        }

        _current = _free[--_freeCount];
    }
}
