namespace NexStream.Simulator.Links;

/// <summary>What one direction of a link has done.</summary>
internal sealed class LinkCounters
{
    /// <summary>Frames and bytes that were sent onto the wire, whatever became of them there.</summary>
    public long Frames { get; set; }

    public long Bytes { get; set; }

    /// <summary>Frames that the queue dropped.</summary>
    public long Dropped { get; set; }

    /// <summary>Frames that got a congestion mark.</summary>
    public long Marked { get; set; }

    /// <summary>Frames lost at random, in bursts, or in an outage.</summary>
    public long Lost { get; set; }

    /// <summary>Frames that were damaged, and dropped for that.</summary>
    public long Corrupted { get; set; }

    /// <summary>Frames longer than the link's largest.</summary>
    public long TooLong { get; set; }
}
