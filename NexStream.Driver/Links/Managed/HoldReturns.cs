using System.Diagnostics;

namespace NexStream.Driver.Links.Managed;

/// <summary>
/// Holds on one arena's frames on their way back from the reader to the owner. Holds of a frame add up in its counter, and the frame
/// is named in the ring only when its counter leaves zero: so a frame is in the ring at most once, and a ring with room for all frames is
/// never full, in however many pieces the holds come.
/// </summary>
internal sealed class HoldReturns
{
    private readonly uint[] _counters;
    private readonly uint[] _ring;
    private readonly uint _mask;
    private ulong _written;
    private ulong _read;

    public HoldReturns(uint frameCount)
    {
        _counters = new uint[frameCount];
        uint capacity = System.Numerics.BitOperations.RoundUpToPowerOf2(frameCount);
        _ring = new uint[capacity];
        _mask = capacity - 1;
    }

    public bool IsEmpty => Volatile.Read(ref _written) == Volatile.Read(ref _read);

    /// <summary>The reader of the frame gives holds back.</summary>
    public void Add(uint frame, uint holds)
    {
        uint sum = Interlocked.Add(ref _counters[frame], holds);
        if (sum == holds)
        {
            ulong written = _written;
            Debug.Assert(written - Volatile.Read(ref _read) <= _mask, "A frame is in the ring at most once.");
            _ring[written & _mask] = frame;
            Volatile.Write(ref _written, unchecked(written + 1));
        }
    }

    /// <summary>The owner of the frames collects them. False: none are there.</summary>
    public bool TryTake(out uint frame, out uint holds)
    {
        ulong read = _read;
        if (read == Volatile.Read(ref _written))
        {
            frame = 0;
            holds = 0;
            return false;
        }

        // The place is free before the counter is: the next piece for this frame may then find its place taken by nobody.
        frame = _ring[read & _mask];
        Volatile.Write(ref _read, unchecked(read + 1));
        holds = Interlocked.Exchange(ref _counters[frame], 0);
        return true;
    }
}
