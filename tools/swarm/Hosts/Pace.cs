using NexStream.Core.Primitives;

namespace NexStream.Swarm.Hosts;

/// <summary>
/// Whether a connection that is not done gets on all the same, because its window is a packet and there was much to send: then it moves something in nearly every second, and
/// not only when a probe time-out, at most 2 s, sends a packet.
/// </summary>
internal struct Pace
{
    /// <summary>How long it is watched before it has to be done.</summary>
    public const long WatchedNs = 10 * Instant.Second;

    private const int SteadySeconds = 8;

    private ulong _moved;
    private long _second;
    private int _seconds;

    /// <summary>Whether it moved something in at least eight of the ten seconds.</summary>
    public readonly bool IsSteady => _seconds >= SteadySeconds;

    /// <summary>Looks how much it has moved by now.</summary>
    public void Look(long nowNs, ulong moved)
    {
        long second = nowNs / Instant.Second;
        if (moved != _moved && second != _second)
        {
            _second = second;
            _seconds++;
        }

        _moved = moved;
    }
}
