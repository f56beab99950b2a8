using System.Globalization;
using System.Net;
using System.Text;
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
        AppendRow(page, "th", [.. FlowRow.Labels, .. FlowRow.Names]);
        page.Append("</thead>\n<tbody>\n");
        for (int i = 0; i < source.Result.Flows.Count; i++)
        {
            AppendRow(page, "td", FlowRow.Cells(i, source.Simulation.Flows[i].Spec.Congestion, source.Result.Flows[i]));
        }

        page.Append("</tbody>\n</table>\n");
    }

    private static void AppendRow(StringBuilder page, string cell, string[] texts)
    {
        page.Append("<tr>");
        foreach (string text in texts)
        {
            page.Append(CultureInfo.InvariantCulture, $"<{cell}>{WebUtility.HtmlEncode(text)}</{cell}>");
        }

        page.Append("</tr>\n");
    }
}
