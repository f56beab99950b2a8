using NexStream.Core.Primitives;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Links;

/// <summary>How a queue decides what to drop.</summary>
internal enum QueueKind
{
    /// <summary>What does not fit.</summary>
    DropTail,

    /// <summary>At random, the more the longer the queue (Floyd and Jacobson 1993).</summary>
    Red,

    /// <summary>By the time that frames wait (RFC 8289).</summary>
    CoDel,
}

/// <summary>What one direction of a link is like now: bytes, nanoseconds, bytes per second.</summary>
internal sealed record LinkSettings
{
    private const double BitsPerByte = 8;

    // A queue that is not given: one bandwidth-delay product there and back, at least eight frames.
    private const int QueueFramesMin = 8;

    public required long Rate { get; init; }

    public long DelayNs { get; init; }

    public long JitterNs { get; init; }

    public long QueueBytes { get; init; }

    public QueueKind Queue { get; init; }

    public double Loss { get; init; }

    public double BurstEnter { get; init; }

    public double BurstLeave { get; init; } = 1;

    public double Reorder { get; init; }

    public long ReorderDelayNs { get; init; } = 5 * Instant.Millisecond;

    public double Duplicate { get; init; }

    public double Corrupt { get; init; }

    public long EcnMarkBytes { get; init; } = long.MaxValue;

    public int Mtu { get; init; }

    /// <summary>The settings at the start.</summary>
    public static LinkSettings Create(LinkSpec spec, int mtu)
    {
        var settings = new LinkSettings { Rate = 1, Mtu = mtu, QueueBytes = -1 };
        settings = settings.With(spec);
        long product = (long)((double)settings.Rate * 2 * settings.DelayNs / Instant.Second);
        return settings.QueueBytes >= 0 ? settings : settings with { QueueBytes = Math.Max(product, QueueFramesMin * (long)mtu) };
    }

    /// <summary>These settings, with what a step changes.</summary>
    public LinkSettings With(LinkSpec spec) => this with
    {
        Rate = spec.RateMbps is { } rate ? Math.Max(1, (long)Math.Round(rate * 1e6 / BitsPerByte)) : Rate,
        DelayNs = Milliseconds(spec.DelayMs) ?? DelayNs,
        JitterNs = Milliseconds(spec.JitterMs) ?? JitterNs,
        QueueBytes = Kilobytes(spec.QueueKb) ?? QueueBytes,
        Queue = spec.Queue switch
        {
            null => Queue,
            "red" => QueueKind.Red,
            "codel" => QueueKind.CoDel,
            _ => QueueKind.DropTail,
        },
        Loss = spec.Loss ?? Loss,
        BurstEnter = spec.BurstLoss?.P ?? BurstEnter,
        BurstLeave = spec.BurstLoss?.R ?? BurstLeave,
        Reorder = spec.Reorder ?? Reorder,
        ReorderDelayNs = Milliseconds(spec.ReorderDelayMs) ?? ReorderDelayNs,
        Duplicate = spec.Duplicate ?? Duplicate,
        Corrupt = spec.Corrupt ?? Corrupt,
        EcnMarkBytes = Kilobytes(spec.EcnMarkKb) ?? EcnMarkBytes,
        Mtu = spec.Mtu ?? Mtu,
    };

    private static long? Milliseconds(double? ms) => ms is { } value ? (long)Math.Round(value * Instant.Millisecond) : null;

    private static long? Kilobytes(double? kilobytes) => kilobytes is { } value ? (long)Math.Round(value * 1000) : null;
}
