namespace NexStream.Tool.Impairment;

/// <summary>How bad the network between two endpoints is, the same in both directions.</summary>
/// <param name="Loss">The share of packets that never arrive, 0 to 1.</param>
/// <param name="DelayNs">Nanoseconds that every packet takes.</param>
/// <param name="Reorder">The share of packets that later ones overtake, 0 to 1.</param>
/// <param name="Duplicate">The share of packets that arrive twice, 0 to 1.</param>
internal sealed record ImpairmentSettings(double Loss = 0, long DelayNs = 0, double Reorder = 0, double Duplicate = 0)
{
    /// <summary>Whether there is no network to imitate at all.</summary>
    public bool IsNone => Loss == 0 && DelayNs == 0 && Reorder == 0 && Duplicate == 0;
}
