namespace NexStream.Core.Congestion;

/// <summary>What a controller that does not model the path can still say about it, for statistics: delivery rate and queueing delay.</summary>
internal struct PathEstimate
{
    // A new sample counts for an eighth, as a round-trip time does (RFC 6298 §2).
    private const int Weight = 8;

    /// <summary>Bytes per second, a moving average of the samples that the application did not limit; 0 before the first.</summary>
    public long DeliveryRate { get; private set; }

    /// <summary>Latest less lowest round-trip time, in nanoseconds.</summary>
    public long QueueingDelayNs { get; private set; }

    public void Update(in AcknowledgedBatch batch)
    {
        QueueingDelayNs = Math.Max(0, batch.LatestRttNs - batch.MinRttNs);
        if (batch.DeliveryRate > 0 && !batch.IsApplicationLimited)
        {
            DeliveryRate = DeliveryRate == 0 ? batch.DeliveryRate : DeliveryRate + ((batch.DeliveryRate - DeliveryRate) / Weight);
        }
    }
}
