using System.Globalization;
using System.Net;
using System.Text;
using NexStream.Simulator.Results;
using NexStream.Tool.Output;

namespace NexStream.Tool.Plotting;

/// <summary>A page that needs nothing but itself: the picture, and the result as a table.</summary>
internal static class HtmlPage
{
    private const string Style =
        """
        body { font-family: sans-serif; color: #202020; background: #ffffff; margin: 1.5rem; max-width: 1280px; }
        svg { width: 100%; height: auto; }
        table { border-collapse: collapse; margin-top: 1rem; font-variant-numeric: tabular-nums; }
        th, td { border-bottom: 1px solid #d0d0d0; padding: 0.35rem 0.8rem; text-align: right; }
        th { font-weight: 600; }
        .broken { color: #b00020; }
        """;

    private static readonly string[] s_columns =
    [
        "flow", "control", "completed", "goodput", "packets", "sent again", "spurious", "lost", "smoothed RTT", "shortest RTT", "queue, 99th percentile", "window",
    ];

    public static string Write(PlotSource source)
    {
        string name = WebUtility.HtmlEncode(source.Name);
        var page = new StringBuilder();
        page.Append(
            CultureInfo.InvariantCulture,
            $"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{name}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n");
        page.Append(Picture.Draw(source, isDocument: false));
        AppendTable(page, source);
        foreach (string violation in source.Result.Violations)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"broken\">{WebUtility.HtmlEncode(violation)}</p>\n");
        }

        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void AppendTable(StringBuilder page, PlotSource source)
    {
        page.Append("<table>\n<thead>");
        AppendRow(page, "th", s_columns);
        page.Append("</thead>\n<tbody>\n");
        for (int i = 0; i < source.Result.Flows.Count; i++)
        {
            AppendRow(page, "td", Cells(i, source.Simulation.Flows[i].Spec.Congestion, source.Result.Flows[i]));
        }

        page.Append("</tbody>\n</table>\n");
    }

    private static string[] Cells(int index, string congestion, FlowResult flow) =>
    [
        Text($"{index}"),
        congestion,
        flow.CompletedS is { } seconds ? Text($"{seconds:F2} s") : "-",
        Quantity.Rate(flow.GoodputMbps),
        Text($"{flow.SentPackets:N0}"),
        Text($"{flow.RetransmittedPackets:N0}"),
        Text($"{flow.SpuriousRetransmits:N0}"),
        Text($"{flow.LostPackets:N0}"),
        Text($"{flow.SrttMs:F1} ms"),
        Text($"{flow.MinRttMs:F1} ms"),
        Text($"{flow.P99QueueMs:F1} ms"),
        flow.CwndBytes < Curves.Unlimited ? Quantity.Bytes(flow.CwndBytes) : "-",
    ];

    private static void AppendRow(StringBuilder page, string cell, string[] texts)
    {
        page.Append("<tr>");
        foreach (string text in texts)
        {
            page.Append(CultureInfo.InvariantCulture, $"<{cell}>{WebUtility.HtmlEncode(text)}</{cell}>");
        }

        page.Append("</tr>\n");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
