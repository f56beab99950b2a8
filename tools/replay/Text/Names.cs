using System.Globalization;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;

namespace NexStream.Replay.Text;

/// <summary>How things of an endpoint are called in what people read.</summary>
internal static class Names
{
    // More would not be read.
    private const int SlicesShown = 8;

    public static string Frame(uint frame) => $"frame {frame >> PayloadSlice.IndexBits}:{frame & ((1u << PayloadSlice.IndexBits) - 1)}";

    public static string Slices(IEnumerable<PayloadSlice> slices)
    {
        string[] all = [.. slices.Take(SlicesShown + 1).Select(slice => $"{Frame(slice.Frame)}[{slice.Offset}+{slice.Length}]")];
        return all.Length == 0 ? "nothing" : string.Join(", ", all.Take(SlicesShown)) + (all.Length > SlicesShown ? ", ..." : string.Empty);
    }

    /// <summary>A handle as outcomes have it.</summary>
    public static string Handle(ulong handle) => $"{handle & uint.MaxValue}.{handle >> 32}";

    public static string Options(in SendOptions options) =>
        (options.Deadline == default ? string.Empty : $", deadline {options.Deadline}")
        + (options.Report ? ", reported" : string.Empty)
        + (options.MaxAttempts == 0 ? string.Empty : $", {options.MaxAttempts} attempts");

    public static string Delivery(in ProbabilisticConfig config) => string.Create(
        CultureInfo.InvariantCulture,
        $"probability {config.Probability}{(config.Thinning ? ", thinned" : string.Empty)}{(config.FecRatio is { } ratio ? $", repairs {ratio}" : string.Empty)}, groups of {config.GroupSize}");
}
