namespace NexStream.Tool.Plotting;

/// <summary>A point of a curve.</summary>
/// <param name="Seconds">Virtual time.</param>
/// <param name="Value">In the panel's unit; not a number where the curve is interrupted.</param>
internal readonly record struct PlotPoint(double Seconds, double Value);
