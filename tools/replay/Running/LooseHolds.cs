using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Wire;
using NexStream.Replay.Inputs;

namespace NexStream.Replay.Running;

/// <summary>
/// For a run of which calls were left out, so that frames have other numbers and some were never handed out: takes the frame that was meant or, where that is not held,
/// the one that is held longest, so that no host is blamed for what it did not do.
/// </summary>
internal sealed class LooseHolds(Endpoint endpoint) : IHolds
{
    private readonly List<uint> _taken = [];
    private readonly List<uint> _onLink = [];
    private readonly List<PayloadSlice> _lent = [];

    public void TakeFrame()
    {
        if (endpoint.Arena.TryAllocate(out int index))
        {
            _taken.Add(PayloadSlice.FrameOf(0, index));
        }
    }

    public bool TryHandOver(uint frame, out uint actual) => TryTake(_taken, frame, out actual);

    public void Release(uint frame, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (TryTake(_onLink, frame, out uint actual))
            {
                endpoint.ReleaseFrame(actual);
            }
        }
    }

    public void Return(ReadOnlySpan<PayloadSlice> slices)
    {
        foreach (ref readonly PayloadSlice slice in slices)
        {
            if (TryTakeLent(slice, out PayloadSlice actual))
            {
                endpoint.Return([actual]);
            }
        }
    }

    public PayloadSlice[] ToSend(FilledSlice[] slices)
    {
        var sent = new List<PayloadSlice>();
        foreach (FilledSlice part in slices)
        {
            int at = _lent.FindIndex(lent => lent.Region == 0 && lent.Frame == part.Slice.Frame && !sent.Exists(other => other.Frame == lent.Frame));
            at = at >= 0 ? at : _lent.FindIndex(lent => lent.Region == 0 && !sent.Exists(other => other.Frame == lent.Frame));
            if (at < 0)
            {
                return [];
            }

            sent.Add(new PayloadSlice(_lent[at].Frame, part.Slice.Offset, part.Slice.Length));
        }

        return [.. sent];
    }

    public void OnTransmitted(ReadOnlySpan<Transmission> burst)
    {
        foreach (Transmission packet in burst)
        {
            foreach (ref readonly PayloadSlice slice in packet.Slices)
            {
                _onLink.Add(slice.Frame);
            }
        }
    }

    public void OnLent(ReadOnlySpan<PayloadSlice> slices) => _lent.AddRange(slices);

    public void OnSent(ReadOnlySpan<PayloadSlice> slices)
    {
        foreach (ref readonly PayloadSlice slice in slices)
        {
            TryTakeLent(slice, out _);
        }
    }

    private static bool TryTake(List<uint> held, uint frame, out uint actual)
    {
        int at = Math.Max(held.IndexOf(frame), 0);
        bool isThere = at < held.Count;
        actual = isThere ? held[at] : PayloadSlice.NoFrame;
        if (isThere)
        {
            held.RemoveAt(at);
        }

        return isThere;
    }

    private bool TryTakeLent(PayloadSlice slice, out PayloadSlice actual)
    {
        int at = Math.Max(_lent.FindIndex(lent => lent.Frame == slice.Frame), 0);
        bool isThere = at < _lent.Count;
        actual = isThere ? _lent[at] : default;
        if (isThere)
        {
            _lent.RemoveAt(at);
        }

        return isThere;
    }
}
