using System.Globalization;
using NexStream.Simulator.Results;

namespace NexStream.Tool.Output;

/// <summary>What a simulation says of a flow, as one row of text: each column stands here once, so that a terminal and a page say the same.</summary>
internal static class FlowRow
{
    // A terminal has room for short names only, and for no column without one.
    private static readonly (string Name, string? Short, Func<FlowResult, string> Cell)[] s_columns =
    [
        ("completed", "completed", flow => flow.CompletedS is { } seconds ? Text($"{seconds:F2} s") : "-"),
        ("goodput", "goodput", flow => Quantity.Rate(flow.GoodputMbps)),
        ("packets", "packets", flow => Text($"{flow.SentPackets:N0}")),
        ("sent again", "sent again", flow => Text($"{flow.RetransmittedPackets:N0}")),
        ("spurious", "spurious", flow => Text($"{flow.SpuriousRetransmits:N0}")),
        ("lost", "lost", flow => Text($"{flow.LostPackets:N0}")),
        ("smoothed RTT", "srtt", flow => Text($"{flow.SrttMs:F1} ms")),
        ("shortest RTT", null, flow => Text($"{flow.MinRttMs:F1} ms")),
        ("queue, 99th percentile", "queue p99", flow => Text($"{flow.P99QueueMs:F1} ms")),
        ("window", "window", flow => Quantity.Window(flow.CwndBytes)),
    ];

    /// <summary>The names of the first columns, which name the flow.</summary>
    public static string[] Labels => ["flow", "control"];

    /// <summary>The names of the other columns on a page.</summary>
    public static IEnumerable<string> Names => s_columns.Select(column => column.Name);

    /// <summary>The names of the other columns in a terminal.</summary>
    public static IEnumerable<string> ShortNames => s_columns.Select(column => column.Short).OfType<string>();

    /// <summary>A flow's row on a page, the labels first.</summary>
    public static string[] Cells(int index, string congestion, FlowResult flow) =>
        [Text($"{index}"), congestion, .. s_columns.Select(column => column.Cell(flow))];

    /// <summary>A flow's row in a terminal, the labels first.</summary>
    public static string[] ShortCells(int index, string congestion, FlowResult flow) =>
        [Text($"{index}"), congestion, .. s_columns.Where(column => column.Short is not null).Select(column => column.Cell(flow))];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
