using NexStream.Core.Primitives;

namespace NexStream.Swarm.Hosts;

/// <summary>A host's clock: it may stand still while the world goes on, jump ahead, and fall back.</summary>
internal sealed class Clock
{
    private long _offsetNs = Instant.Second;
    private long _stalledUntil = long.MinValue;
    private long _stalledAt;

    /// <summary>What it shows.</summary>
    public Instant Read(long worldNs) => new(worldNs < _stalledUntil ? _stalledAt : worldNs + _offsetNs);

    /// <summary>When, in the world's time, it shows an instant.</summary>
    public long WhenIs(Instant instant, long worldNs)
    {
        if (instant == Instant.Never)
        {
            return long.MaxValue;
        }

        long at = instant.Nanoseconds - _offsetNs;
        return worldNs < _stalledUntil && instant.Nanoseconds > _stalledAt ? Math.Max(at, _stalledUntil) : at;
    }

    /// <summary>It stands still for a while; then it shows the time again, or goes on from where it stood.</summary>
    public void Stall(long worldNs, long durationNs, bool catchesUp)
    {
        _stalledAt = Read(worldNs).Nanoseconds;
        _stalledUntil = worldNs + durationNs;
        _offsetNs = catchesUp ? _offsetNs : _stalledAt - _stalledUntil;
    }

    /// <summary>It jumps, back where the number is negative.</summary>
    public void Jump(long ns) => _offsetNs += ns;

    /// <summary>It goes on, from what it shows.</summary>
    public void Heal(long worldNs)
    {
        if (worldNs < _stalledUntil)
        {
            _offsetNs = _stalledAt - worldNs;
            _stalledUntil = long.MinValue;
        }
    }
}
