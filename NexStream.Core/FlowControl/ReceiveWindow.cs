using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.FlowControl;

/// <summary>
/// Credit that a receiver gives (RFC 9000 §4.1), in bytes or in messages: an absolute limit that only rises. The window behind it
/// grows when the peer uses it up faster than two round trips, as Linux and quiche tune theirs.
/// </summary>
// Packed so that the four bytes behind Size are of use to the stream: every idle stream would pay for them.
[StructLayout(LayoutKind.Sequential, Pack = sizeof(uint))]
internal struct ReceiveWindow
{
    /// <summary>A window that was used up within this many round trips was too small.</summary>
    private const int TuningRoundTrips = 2;

    /// <summary>What the application has taken.</summary>
    public ulong Consumed;

    /// <summary>What the peer may send up to.</summary>
    public ulong Limit;

    private long _updatedAtNs;

    /// <summary>How far the limit lies ahead of what was consumed when it is renewed.</summary>
    public uint Size;

    public void Reset(ulong start, uint size)
    {
        Consumed = start;
        Limit = start + size;
        Size = size;
        _updatedAtNs = 0;
    }

    /// <summary>Whether so much was consumed since the last update that another one pays: half the window (RFC 9293 §3.8.6.2.2).</summary>
    public readonly bool IsUpdateDue
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Consumed + Size >= Limit + Math.Max(Size / 2, 1);
    }

    /// <summary>Moves the limit up, to what it advertises from now on.</summary>
    public void Update(Instant now, long smoothedRttNs, uint sizeMax)
    {
        if (_updatedAtNs != 0 && now.Nanoseconds - _updatedAtNs < TuningRoundTrips * smoothedRttNs)
        {
            Size = (uint)Math.Min((ulong)Size * 2, sizeMax);
        }

        Invariant.Check(Consumed <= Limit, "No more is read than was allowed to come.");
        _updatedAtNs = now.Nanoseconds;
        Limit = Math.Max(Limit, Consumed + Size);
    }
}
