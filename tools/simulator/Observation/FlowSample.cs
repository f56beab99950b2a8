namespace NexStream.Simulator.Observation;

/// <summary>
/// What a flow was like at one instant, seen from its client: bytes, nanoseconds, bytes per second; 0 where something is not known yet. The
/// counts are of all frames on the way to the server so far.
/// </summary>
internal readonly record struct FlowSample
{
    /// <summary>It has begun, and has not yet delivered all that it is to deliver.</summary>
    public bool IsActive { get; init; }

    public long CongestionWindow { get; init; }

    public long BytesInFlight { get; init; }

    public long SmoothedRttNs { get; init; }

    public long LatestRttNs { get; init; }

    public long MinRttNs { get; init; }

    public long PacingRate { get; init; }

    public long DeliveryRate { get; init; }

    /// <summary>Bytes that the receiving application has read.</summary>
    public long DeliveredBytes { get; init; }

    /// <summary>Frames that the queue dropped.</summary>
    public long Dropped { get; init; }

    /// <summary>Frames lost behind the queue: at random, damaged, in an outage, or too long.</summary>
    public long Lost { get; init; }

    /// <summary>Frames that arrived with a congestion mark.</summary>
    public long Marked { get; init; }
}
