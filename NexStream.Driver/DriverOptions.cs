using NexStream.Core.Primitives;

namespace NexStream.Driver;

/// <summary>How much a <see cref="EndpointDriver"/> does in one turn, and how long it bears with a peer that takes nothing. Validated when the driver is made.</summary>
public sealed record DriverOptions
{
    /// <summary>The most links at once, those of dead peers included whose frames are still read: a region's number has 8 bits, and 0 is the endpoint's own.</summary>
    public const int LinksLimit = 255;

    /// <summary>Links, 1 to <see cref="LinksLimit"/>.</summary>
    public int LinksMax { get; init; } = 16;

    /// <summary>Frames that one turn takes from each link, at least 1.</summary>
    public int ReceiveBurst { get; init; } = 64;

    /// <summary>Frames that one turn takes from the endpoint, at least 1.</summary>
    public int TransmitBurst { get; init; } = 64;

    /// <summary>Timers that one turn fires, at least 1.</summary>
    public int TimerBurst { get; init; } = 256;

    /// <summary>Nanoseconds in a tick of the timer wheel.</summary>
    public long TickNs { get; init; } = Timers.TimerWheel.DefaultTickNs;

    /// <summary>
    /// Nanoseconds for which a full ring stops all transmission. It is back-pressure while the peer is merely busy; a peer that takes nothing for
    /// longer is stopped or hangs, and must not stop the other links: its frames are dropped, as a network would, until it takes some again.
    /// </summary>
    public long FullRingPatienceNs { get; init; } = 20 * Instant.Millisecond;

    /// <summary>Nanoseconds between questions whether a silent peer's process lives. Each is a system call.</summary>
    public long PeerCheckIntervalNs { get; init; } = 10 * Instant.Millisecond;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(LinksMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LinksMax, LinksLimit);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReceiveBurst, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(TransmitBurst, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(TimerBurst, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(FullRingPatienceNs);
        ArgumentOutOfRangeException.ThrowIfNegative(PeerCheckIntervalNs);
    }
}
