namespace NexStream.Peers.Results;

/// <summary>The middle and the ends of a few measurements.</summary>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <summary>Sums up what was measured.</summary>
    /// <param name="values">In any order.</param>
    /// <returns>The spread, or null where nothing was measured.</returns>
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
        {
            return null;
        }

        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>Sums up one figure of several runs; runs without it do not count.</summary>
    public static Spread? Of(IEnumerable<PeerResult> results, Func<PeerResult, double?> figure) => Of(results.Select(figure).OfType<double>());
}
