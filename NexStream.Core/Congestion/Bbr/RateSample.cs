namespace NexStream.Core.Congestion.Bbr;

/// <summary>What one acknowledgement says (draft-ietf-ccwg-bbr §2.3, "RS"), with every number in the range that the arithmetic relies on.</summary>
internal readonly struct RateSample
{
    // Bytes ever delivered: half of the range leaves room for sums.
    private const long CountLimit = long.MaxValue / 2;

    public RateSample(in AcknowledgedBatch batch, bool isApplicationLimited)
    {
        NewlyAcknowledged = Math.Clamp(batch.AcknowledgedBytes, 0, BbrConstants.WindowLimit);
        PriorDelivered = Math.Clamp(batch.PriorDelivered, 0, CountLimit);
        Delivered = Math.Clamp(batch.SampleDelivered, 0, BbrConstants.WindowLimit);
        DeliveryRate = Math.Clamp(batch.DeliveryRate, 0, BbrConstants.RateLimit);
        TransmitInFlight = Math.Clamp(batch.TransmitInFlight, 0, BbrConstants.WindowLimit);
        LostBytes = Math.Clamp(batch.SampleLostBytes, 0, BbrConstants.WindowLimit);
        RttNs = Math.Max(0, batch.RttSampleNs);
        IsApplicationLimited = isApplicationLimited;
    }

    /// <summary>RS.newly_acked.</summary>
    public long NewlyAcknowledged { get; }

    /// <summary>RS.prior_delivered.</summary>
    public long PriorDelivered { get; }

    /// <summary>RS.delivered.</summary>
    public long Delivered { get; }

    /// <summary>RS.delivery_rate in bytes per second; 0: none.</summary>
    public long DeliveryRate { get; }

    /// <summary>RS.tx_in_flight.</summary>
    public long TransmitInFlight { get; }

    /// <summary>RS.lost.</summary>
    public long LostBytes { get; }

    /// <summary>RS.rtt in nanoseconds; 0: none.</summary>
    public long RttNs { get; }

    /// <summary>RS.is_app_limited.</summary>
    public bool IsApplicationLimited { get; }

    /// <summary>A count of bytes in the range of this arithmetic.</summary>
    public static long Count(long bytes) => Math.Clamp(bytes, 0, CountLimit);

    /// <summary>Bytes in flight in the range of this arithmetic.</summary>
    public static long Volume(long bytes) => Math.Clamp(bytes, 0, BbrConstants.WindowLimit);
}
