using OxyPlot;

namespace NexStream.Tool.Plotting;

/// <summary>One curve of a panel.</summary>
/// <param name="Name">What it shows, as the panel's legend says it.</param>
/// <param name="Flow">Whose it is; null: the link's, or of all flows together.</param>
/// <param name="Color">Its colour.</param>
/// <param name="Style">How it looks.</param>
/// <param name="Points">In the order of time.</param>
internal sealed record Curve(string Name, int? Flow, OxyColor Color, CurveStyle Style, IReadOnlyList<PlotPoint> Points);
