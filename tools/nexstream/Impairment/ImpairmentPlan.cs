using NexStream.Core.Primitives;

namespace NexStream.Tool.Impairment;

/// <summary>Decides the fate of one packet after another, by its seed and their order alone.</summary>
internal sealed class ImpairmentPlan(ImpairmentSettings settings, ulong seed)
{
    /// <summary>A packet that is overtaken waits at least so long: later ones need time to be sent.</summary>
    private const long ReorderDelayMinNs = Instant.Millisecond;

    /// <summary>What fraction of the delay an overtaken packet waits in addition: a quarter, the time threshold's order of magnitude (RFC 9002 §6.1.2).</summary>
    private const int ReorderDelayDivisor = 4;

    private SeededRandom _random = new(seed);

    /// <summary>How much longer an overtaken packet, or a second copy, is under way.</summary>
    public long ReorderDelayNs { get; } = Math.Max(ReorderDelayMinNs, settings.DelayNs / ReorderDelayDivisor);

    public PacketFate Next()
    {
        bool isLost = _random.Chance(settings.Loss);
        bool isOvertaken = _random.Chance(settings.Reorder);
        bool isDuplicated = _random.Chance(settings.Duplicate);
        return new PacketFate(isLost, settings.DelayNs + (isOvertaken ? ReorderDelayNs : 0), isDuplicated && !isLost, settings.DelayNs + ReorderDelayNs);
    }
}
