namespace NexStream.Core.Fec;

/// <summary>
/// How a path loses packets: a Markov chain with the two states "the last packet was lost" and "it arrived" (the simple Gilbert model). Its two
/// parameters are what a receiver can report: the share lost and the mean length of a run of losses.
/// </summary>
internal readonly struct LossModel
{
    /// <summary>
    /// A larger loss rate counts as this one: a path that passes nothing has no mean run of losses. Of the largest group that can be built
    /// 1/1024 is an eighth of a packet: redundancy is past helping long before.
    /// </summary>
    public const double LossMax = 1 - (1.0 / 1024);

    /// <param name="loss">The share of packets lost, 0 to 1; outside, or not a number, counts as the nearest of these, or 0.</param>
    /// <param name="meanBurst">
    /// The mean number of packets that are lost in a row. Independent losses have 1 / (1 - <paramref name="loss"/>); less (or not a number) counts as that,
    /// as a path that spaces its losses out is no reason to protect less.
    /// </param>
    public LossModel(double loss, double meanBurst)
    {
        Loss = loss > 0 ? Math.Min(loss, LossMax) : 0;
        double independent = 1 / (1 - Loss);
        MeanBurst = meanBurst > independent ? meanBurst : independent;

        // A run ends with each packet with the chance 1 / b. In the long run as many runs begin as end: (1 - l) q = l / b.
        double ends = 1 / MeanBurst;
        LostAfterLost = 1 - ends;
        LostAfterArrived = Loss * ends / (1 - Loss);
    }

    /// <summary>The share of packets lost, from 0 to <see cref="LossMax"/>.</summary>
    public double Loss { get; }

    /// <summary>The mean number of packets lost in a row, at least 1 / (1 - <see cref="Loss"/>).</summary>
    public double MeanBurst { get; }

    /// <summary>The chance that a packet is lost when the one before was: 1 - 1/b, at least <see cref="Loss"/>.</summary>
    public double LostAfterLost { get; }

    /// <summary>The chance that a packet is lost when the one before arrived: l / ((1 - l) b), at most <see cref="Loss"/>.</summary>
    public double LostAfterArrived { get; }

    /// <summary>
    /// The expected share of messages delivered when <paramref name="sources"/> of them (1 to <see cref="GroupForecast.SourcesMax"/>) are followed at once by
    /// <paramref name="repairs"/> repair symbols (0 to <see cref="GroupForecast.RepairsMax"/>). For a series of repairs use <see cref="GroupForecast"/>.
    /// </summary>
    public double DeliveredShare(int sources, int repairs)
    {
        GroupForecast forecast = new(this, sources);
        while (forecast.Repairs < repairs && forecast.TryAddRepair())
        {
        }

        return forecast.Delivered;
    }
}
