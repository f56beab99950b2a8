using System.Globalization;
using System.Text;
using NexStream.Core.Primitives;
using NexStream.Simulator.Scenarios;
using NexStream.Simulator.Traffic;
using OxyPlot;

namespace NexStream.Tool.Plotting;

/// <summary>The whole picture as SVG: a title, the flows' colours, and the panels above one time axis, each with what its lines mean beside it.</summary>
internal static class Picture
{
    public const string Font = "sans-serif";

    private const double Width = 1240;
    private const double PanelHeight = 190;
    private const double LegendWidth = 210;
    private const double Margin = 16;
    private const double TitleSize = 20;
    private const double TextSize = 13;
    private const double LegendSize = 12;
    private const double LineHeight = 20;
    private const double SampleWidth = 30;
    private const double Bold = 700;
    private const double Normal = 400;

    // Title, the scenario's line, the result's line.
    private const double HeaderHeight = 82;
    private const double FlowLegendWidth = 150;

    /// <summary>Draws.</summary>
    /// <param name="source">What is drawn.</param>
    /// <param name="isDocument">A file of its own; else an element to stand in a page.</param>
    public static string Draw(PlotSource source, bool isDocument)
    {
        IReadOnlyList<Panel> panels = new Panels(source).Create();
        double top = HeaderHeight + FlowLegendHeight(source);
        double height = top + (panels.Count * PanelHeight) + PanelModel.TimeAxisHeight + Margin;
        using var stream = new MemoryStream();
        using (var context = new SvgRenderContext(stream, Width, height, isDocument: false, new PdfRenderContext(Width, height, OxyColors.White), OxyColors.White))
        {
            context.RendersToScreen = false;
            DrawHeader(context, source);
            DrawFlows(context, source);
            double seconds = Math.Max(source.SecondsAt(source.Sampler.Link.Count - 1), 1e-6);
            for (int i = 0; i < panels.Count; i++)
            {
                bool isLast = i == panels.Count - 1;
                double y = top + (i * PanelHeight);
                IPlotModel model = PanelModel.Create(panels[i], seconds, isLast);
                model.Update(updateData: true);
                model.Render(context, new OxyRect(0, y, Width - LegendWidth, PanelHeight + (isLast ? PanelModel.TimeAxisHeight : 0)));
                DrawLegend(context, panels[i], Width - LegendWidth, y, IsColored(source));
            }

            context.Complete();
            context.Flush();
        }

        return Finish(Encoding.UTF8.GetString(stream.ToArray()), source.Name, height, isDocument);
    }

    /// <summary>What the scenario is, in one line.</summary>
    public static string Describe(PlotSource source)
    {
        Scenario scenario = source.Simulation.Scenario;
        var link = Simulator.Links.LinkSettings.Create(scenario.Link, scenario.Mtu);
        string changes = scenario.Link.Steps.Count + (scenario.Link.Outages?.Count ?? 0) > 0 ? ", changing" : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{scenario.Flows.Count} {(scenario.Flows.Count == 1 ? "flow" : "flows")} over {link.Rate * 8 / 1e6:0.###} Mbit/s, {(double)link.DelayNs / Instant.Millisecond:0.###} ms each way, queue {link.QueueBytes / 1e3:0.#} kB {scenario.Link.Queue ?? "droptail"}{Impairments(link)}{changes}; seed {scenario.Seed}");
    }

    /// <summary>What it came to, in one line.</summary>
    public static string Summarize(PlotSource source) => string.Create(
        CultureInfo.InvariantCulture,
        $"{source.Result.ElapsedS:0.00} s, {source.Result.Utilisation * 100:0.0} % of the link used, Jain's index {source.Result.Jain:0.000}, {(source.Result.Ok ? "every guarantee held" : "a guarantee was broken")}");

    private static string Impairments(Simulator.Links.LinkSettings link)
    {
        var text = new StringBuilder();
        Add("loss", link.Loss);
        Add("bursts of loss", link.BurstEnter);
        Add("reordering", link.Reorder);
        Add("duplicates", link.Duplicate);
        Add("damage", link.Corrupt);
        return text.ToString();

        void Add(string name, double share)
        {
            if (share > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $", {name} {share * 100:0.####} %");
            }
        }
    }

    private static bool IsColored(PlotSource source) => source.Simulation.Flows.Count is > 1 and <= Palette.FlowsMax;

    private static int FlowsPerLine => (int)((Width - (2 * Margin)) / FlowLegendWidth);

    private static double FlowLegendHeight(PlotSource source)
    {
        int entries = source.Simulation.Flows.Count > Palette.FlowsMax ? 1 : source.Simulation.Flows.Count;
        return (((entries + FlowsPerLine - 1) / FlowsPerLine) * LineHeight) + 4;
    }

    private static void DrawHeader(SvgRenderContext context, PlotSource source)
    {
        Text(context, Margin, 24, source.Name, TitleSize, Bold, Palette.Text);
        Text(context, Margin, 50, Describe(source), TextSize, Normal, Palette.Faint);
        Text(context, Margin, 70, Summarize(source), TextSize, Normal, Palette.Faint);
    }

    private static void DrawFlows(SvgRenderContext context, PlotSource source)
    {
        if (source.Simulation.Flows.Count > Palette.FlowsMax)
        {
            string kinds = string.Join(", ", source.Simulation.Flows.GroupBy(f => f.Spec.Congestion).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} {g.Key}")));
            Text(context, Margin, HeaderHeight + 12, $"All flows together, and the least and most of any one: {kinds}", TextSize, Normal, Palette.Text);
            return;
        }

        foreach (FlowRecord flow in source.Simulation.Flows)
        {
            double x = Margin + (flow.Index % FlowsPerLine * FlowLegendWidth);
            double y = HeaderHeight + 12 + (flow.Index / FlowsPerLine * LineHeight);
            context.DrawLine([new ScreenPoint(x, y), new ScreenPoint(x + SampleWidth, y)], Palette.Flow(flow.Index), 4, EdgeRenderingMode.Automatic, null, LineJoin.Miter);
            Text(context, x + SampleWidth + 6, y, string.Create(CultureInfo.InvariantCulture, $"flow {flow.Index}, {flow.Spec.Congestion}"), TextSize, Normal, Palette.Text);
        }
    }

    /// <summary>One line for each look that the panel has; grey where the colour says whose it is.</summary>
    private static void DrawLegend(SvgRenderContext context, Panel panel, double x, double y, bool isColored)
    {
        double line = y + LineHeight;
        foreach (IGrouping<string, Curve> look in panel.Curves.Reverse().GroupBy(c => c.Name))
        {
            Curve curve = look.First();
            OxyColor color = PanelModel.ColorOf(curve.Flow is not null && isColored ? Palette.Faint : curve.Color, curve.Style);
            ScreenPoint from = new(x, line);
            ScreenPoint to = new(x + SampleWidth, line);
            if (PanelModel.IsStem(curve.Style))
            {
                context.DrawMarker(new ScreenPoint(x + (SampleWidth / 2), line), PanelModel.MarkerOf(curve.Style), null, 3.5, OxyColors.White, color, 1.4, EdgeRenderingMode.Automatic);
            }
            else
            {
                double[]? dashes = PanelModel.LineStyleOf(curve.Style).GetDashArray();
                context.DrawLine([from, to], color, PanelModel.ThicknessOf(curve.Style), EdgeRenderingMode.Automatic, dashes, LineJoin.Miter);
            }

            Text(context, x + SampleWidth + 6, line, curve.Name, LegendSize, Normal, Palette.Text);
            line += LineHeight;
        }
    }

    private static void Text(SvgRenderContext context, double x, double y, string text, double size, double weight, OxyColor color) =>
        context.DrawText(new ScreenPoint(x, y), text, color, Font, size, weight, 0, HorizontalAlignment.Left, VerticalAlignment.Middle, null);

    /// <summary>Gives the element a name for those who cannot see it, and a frame of reference to be scaled in.</summary>
    private static string Finish(string svg, string name, double height, bool isDocument)
    {
        int at = svg.IndexOf("<svg", StringComparison.Ordinal);
        int end = svg.IndexOf('>', at) + 1;
        string open = string.Create(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" role=\"img\">\n<title>{System.Security.SecurityElement.Escape(name)}</title>");
        return (isDocument ? "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" : string.Empty) + open + svg[end..] + "\n";
    }
}
