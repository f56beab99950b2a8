using NexStream.Driver.Links;

namespace NexStream.Perf.Drivers;

/// <summary>Both ends on one thread, each with its driver, through the link layer's function table.</summary>
public static class LoopRun
{
    /// <summary>Measures over loop or udp.</summary>
    /// <exception cref="LinkException">There is no memory for the link, or no socket.</exception>
    public static PerfResult Run(PerfOptions options, string link)
    {
        using var pair = new LoopPair(options, LinkPreference.Any, echoes: false, isUdp: link == "udp");
        Measurement measured = Measurement.Take(options, pair.Receiver, () => pair.Turn(options.Window));
        return measured.ToResult(options, link, pair.IsNative, before: null, after: null);
    }
}
