using System.Globalization;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace NexStream.Tool.Plotting;

/// <summary>A panel as a plot: two axes, a grid, and its curves. Nothing in it is bound by name, so it works where reflection does not.</summary>
internal static class PanelModel
{
    private const double Headroom = 1.06;
    private const double LogarithmicHeadroom = 1.6;

    // Text is placed by its lower edge (Picture): a title needs its own height on top.
    private const double TitleDistance = 26;
    private const double TimeTitleDistance = 14;

    // Counts beyond this are drawn on a logarithmic axis: start-up loses hundreds at once, and the one frame that is lost later is to be seen
    // beside them. It begins below 1, so that a single frame has a stem.
    private const double LinearMax = 30;
    private const double LogarithmicBase = 0.5;
    private const double FontSize = 12;
    private const byte PaleAlpha = 0x70;

    // In the picture's units; the axes of all panels are to begin and end at the same place.
    private const double MarginLeft = 78;
    private const double MarginTop = 12;
    private const double MarginRight = 12;
    private const double MarginBottom = 6;

    /// <summary>What the time axis below the last panel takes.</summary>
    public const double TimeAxisHeight = 44;

    public static PlotModel Create(Panel panel, double seconds, bool isLast)
    {
        var model = new PlotModel
        {
            Culture = CultureInfo.InvariantCulture,
            DefaultFont = Picture.Font,
            DefaultFontSize = FontSize,
            Background = OxyColors.Undefined,
            PlotAreaBorderColor = Palette.Frame,
            PlotMargins = new OxyThickness(MarginLeft, MarginTop, MarginRight, MarginBottom + (isLast ? TimeAxisHeight : 0)),
            Padding = new OxyThickness(0),
            IsLegendVisible = false,
        };
        model.Axes.Add(Time(seconds, isLast));
        double largest = panel.Curves.SelectMany(c => c.Points).Select(p => p.Value).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        bool isLogarithmic = largest > LinearMax && panel.Curves.All(c => IsStem(c.Style));
        model.Axes.Add(Values(panel, largest, isLogarithmic));
        foreach (Curve curve in panel.Curves.Where(c => c.Points.Count > 0))
        {
            model.Series.Add(Of(curve, isLogarithmic ? LogarithmicBase : 0));
        }

        if (model.Series.Count == 0)
        {
            model.Annotations.Add(new TextAnnotation
            {
                Text = panel.Empty,
                TextPosition = new DataPoint(seconds / 2, 0.5),
                StrokeThickness = 0,
                TextColor = Palette.Faint,
                TextVerticalAlignment = VerticalAlignment.Middle,
            });
        }

        return model;
    }

    /// <summary>Whether a style is a mark on a stem.</summary>
    public static bool IsStem(CurveStyle style) => style is CurveStyle.Crosses or CurveStyle.Circles or CurveStyle.Triangles;

    /// <summary>Lengths of line and gap, in widths of the line; null: there is no gap.</summary>
    public static double[]? DashesOf(CurveStyle style) => style switch
    {
        CurveStyle.Dashed => [6, 4],
        CurveStyle.Dotted => [1.5, 2.5],
        _ => null,
    };

    public static double ThicknessOf(CurveStyle style) => style switch
    {
        CurveStyle.Solid => 1.8,
        CurveStyle.Step => 2.2,
        CurveStyle.Dotted => 1.5,
        _ => 1.1,
    };

    public static OxyColor ColorOf(OxyColor color, CurveStyle style) => style == CurveStyle.Pale ? OxyColor.FromAColor(PaleAlpha, color) : color;

    public static MarkerType MarkerOf(CurveStyle style) => style switch
    {
        CurveStyle.Crosses => MarkerType.Cross,
        CurveStyle.Circles => MarkerType.Circle,
        CurveStyle.Triangles => MarkerType.Triangle,
        _ => MarkerType.None,
    };

    private static LinearAxis Time(double seconds, bool isLast) => new()
    {
        Position = AxisPosition.Bottom,
        Minimum = 0,
        Maximum = seconds,
        Title = isLast ? "virtual time" : null,
        Unit = isLast ? "s" : null,
        AxisTitleDistance = TimeTitleDistance,
        LabelFormatter = isLast ? null : _ => string.Empty,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Palette.Grid,
        TicklineColor = Palette.Frame,
        MinorTickSize = 0,
        TextColor = Palette.Text,
        TitleColor = Palette.Text,
    };

    private static Axis Values(Panel panel, double largest, bool isLogarithmic)
    {
        Axis axis = isLogarithmic
            ? new LogarithmicAxis { Minimum = LogarithmicBase, Maximum = largest * LogarithmicHeadroom }
            : new LinearAxis { Minimum = 0, Maximum = Math.Min(largest > 0 ? largest * Headroom : 1, panel.Top) };
        axis.Position = AxisPosition.Left;
        axis.Title = panel.Title;
        axis.Unit = panel.Unit;
        axis.TitleFormatString = "{0} [{1}]";
        axis.AxisTitleDistance = TitleDistance;
        axis.MajorGridlineStyle = LineStyle.Solid;
        axis.MajorGridlineColor = Palette.Grid;
        axis.TicklineColor = Palette.Frame;
        axis.MinorTickSize = 0;
        axis.TextColor = Palette.Text;
        axis.TitleColor = Palette.Text;
        return axis;
    }

    private static DataPointSeries Of(Curve curve, double stemBase)
    {
        OxyColor color = ColorOf(curve.Color, curve.Style);
        DataPointSeries series = curve.Style switch
        {
            CurveStyle.Step => new StairStepSeries { Color = color, StrokeThickness = ThicknessOf(curve.Style) },
            _ when IsStem(curve.Style) => new StemSeries
            {
                Base = stemBase,
                Color = OxyColor.FromAColor(PaleAlpha, color),
                StrokeThickness = 1,
                MarkerType = MarkerOf(curve.Style),
                MarkerSize = 3.5,
                MarkerStroke = color,
                MarkerStrokeThickness = 1.4,
                MarkerFill = OxyColors.White,
            },
            _ => new LineSeries
            {
                Color = color,
                StrokeThickness = ThicknessOf(curve.Style),
                Dashes = DashesOf(curve.Style),
                LineJoin = LineJoin.Round,
            },
        };
        series.Points.AddRange(curve.Points.Select(p => new DataPoint(p.Seconds, p.Value)));
        return series;
    }
}
