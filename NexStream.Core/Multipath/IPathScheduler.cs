using NexStream.Core.Primitives;

namespace NexStream.Core.Multipath;

/// <summary>
/// Decides on which path of a connection the next packet goes. One instance serves one connection at a time; it is created up front by an
/// <see cref="IPathSchedulerFactory"/> and reused after <see cref="Reset"/>. It is asked only while the connection has more than one path, for each packet with
/// something that any of them may carry, from one thread. An implementation must be a pure function of these calls: no clock, no randomness of its own, no
/// allocation. What belongs to a path itself (its acknowledgements, its probes) is not its affair.
/// </summary>
public interface IPathScheduler
{
    /// <summary>What <see cref="Choose"/> answers when it is better to wait: it is asked again when something was acknowledged, and when a pacer lets a packet go.</summary>
    const int Wait = -1;

    /// <summary>What the scheduler is called in configurations.</summary>
    string Name { get; }

    /// <summary>Whether data of reliable streams that was sent on the path chosen is also sent on every other path that has room for it.</summary>
    bool SendsCopies => false;

    /// <summary>Forgets everything: the instance now serves another connection.</summary>
    void Reset();

    /// <summary>The path for the next packet. It may be asked more often than a packet leaves, so the answer changes nothing: <see cref="OnSent"/> does.</summary>
    /// <param name="paths">The paths that carry data, at least one. A stream that is bound to a path, and repairs, see only those that they may take.</param>
    /// <param name="demand">What there is to send.</param>
    /// <returns>An index into <paramref name="paths"/> of one with <see cref="PathView.CanSend"/>, or <see cref="Wait"/>. Anything else counts as that.</returns>
    int Choose(ReadOnlySpan<PathView> paths, in PathDemand demand);

    /// <summary>A packet with data left on the path that was chosen.</summary>
    /// <param name="slot">Its <see cref="PathView.Slot"/>.</param>
    /// <param name="weight">Its <see cref="PathView.Weight"/>.</param>
    void OnSent(int slot, byte weight)
    {
    }
}

/// <summary>Creates path schedulers. It is called while an endpoint is constructed, once per connection that the endpoint may ever hold.</summary>
public interface IPathSchedulerFactory
{
    /// <summary>The name that the schedulers carry.</summary>
    string Name { get; }

    /// <summary>A new scheduler. It is <see cref="IPathScheduler.Reset">reset</see> before its first use.</summary>
    IPathScheduler Create();
}

/// <summary>What a scheduler sees of a path. Sizes are bytes, durations nanoseconds, rates bytes per second.</summary>
public readonly record struct PathView
{
    /// <summary>Paths that a connection can have at a time.</summary>
    public const int SlotCount = 8;

    /// <summary>The path's id.</summary>
    public byte Id { get; init; }

    /// <summary>A number below <see cref="SlotCount"/> that no other path of the connection has as long as this one lives; later it is used again.</summary>
    public int Slot { get; init; }

    /// <summary>The parts that the application gave it: 1 unless it said something else.</summary>
    public byte Weight { get; init; }

    /// <summary>Whether window and pacer let a packet go now.</summary>
    public bool CanSend { get; init; }

    /// <summary>The smoothed round-trip time.</summary>
    public long SmoothedRttNs { get; init; }

    /// <summary>Its mean deviation.</summary>
    public long RttVarianceNs { get; init; }

    /// <summary>Bytes that may be in flight.</summary>
    public long Window { get; init; }

    /// <summary>Bytes that are.</summary>
    public long BytesInFlight { get; init; }

    /// <summary>The rate at which packets leave; 0: not paced.</summary>
    public long PacingRate { get; init; }

    /// <summary>What the path is believed to deliver; 0: not known yet.</summary>
    public long DeliveryRate { get; init; }

    /// <summary>The longest frame that it carries.</summary>
    public int FrameLength { get; init; }

    /// <summary>Packets sent so far.</summary>
    public ulong PacketsSent { get; init; }

    /// <summary>Packets declared lost so far.</summary>
    public ulong PacketsLost { get; init; }
}

/// <summary>What there is to send.</summary>
/// <param name="Now">The present.</param>
/// <param name="QueuedBytes">Bytes of all streams that were handed over and are not under way.</param>
public readonly record struct PathDemand(Instant Now, long QueuedBytes);
