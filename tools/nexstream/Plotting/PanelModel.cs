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
    private const double FontSize = 12;
    private const byte PaleAlpha = 0x70;

    // In the picture's units; the axes of all panels are to begin and end at the same place.
    private const double MarginLeft = 78;
    private const double MarginTop = 6;
    private const double MarginRight = 12;
    private const double MarginBottom = 8;

    /// <summary>What the time axis below the last panel takes.</summary>
    public const double TimeAxisHeight = 36;

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
        model.Axes.Add(Values(panel));
        foreach (Curve curve in panel.Curves.Where(c => c.Points.Count > 0))
        {
            model.Series.Add(Of(curve));
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

    public static LineStyle LineStyleOf(CurveStyle style) => style switch
    {
        CurveStyle.Dashed => LineStyle.Dash,
        CurveStyle.Dotted => LineStyle.Dot,
        _ => LineStyle.Solid,
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
        LabelFormatter = isLast ? null : _ => string.Empty,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Palette.Grid,
        TicklineColor = Palette.Frame,
        MinorTickSize = 0,
        TextColor = Palette.Text,
        TitleColor = Palette.Text,
    };

    private static LinearAxis Values(Panel panel)
    {
        double largest = panel.Curves.SelectMany(c => c.Points).Select(p => p.Value).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        return new LinearAxis
        {
            Position = AxisPosition.Left,
            Minimum = 0,
            Maximum = Math.Min(largest > 0 ? largest * Headroom : 1, panel.Top),
            Title = panel.Title,
            Unit = panel.Unit,
            TitleFormatString = "{0} [{1}]",
            AxisTitleDistance = 10,
            MajorGridlineStyle = LineStyle.Solid,
            MajorGridlineColor = Palette.Grid,
            TicklineColor = Palette.Frame,
            MinorTickSize = 0,
            TextColor = Palette.Text,
            TitleColor = Palette.Text,
        };
    }

    private static DataPointSeries Of(Curve curve)
    {
        OxyColor color = ColorOf(curve.Color, curve.Style);
        DataPointSeries series = curve.Style switch
        {
            CurveStyle.Step => new StairStepSeries { Color = color, StrokeThickness = ThicknessOf(curve.Style) },
            _ when IsStem(curve.Style) => new StemSeries
            {
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
                LineStyle = LineStyleOf(curve.Style),
                LineJoin = LineJoin.Round,
            },
        };
        series.Points.AddRange(curve.Points.Select(p => new DataPoint(p.Seconds, p.Value)));
        return series;
    }
}
