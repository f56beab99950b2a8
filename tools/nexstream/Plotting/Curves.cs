using NexStream.Core.Primitives;
using NexStream.Simulator.Observation;
using NexStream.Tool.Output;
using OxyPlot;

namespace NexStream.Tool.Plotting;

/// <summary>How samples become curves.</summary>
internal sealed class Curves(PlotSource source)
{
    /// <summary>A flow's value while the flow is under way; 0 is not known yet.</summary>
    public Curve OfFlow(string name, int flow, CurveStyle style, Scale scale, Func<FlowSample, double> value) =>
        new(name, flow, Palette.Flow(flow), style, [.. source.Sampler.Flows[flow].Select((s, i) => new PlotPoint(source.SecondsAt(i), Of(s, value) / scale.One))]);

    /// <summary>One value of all flows that are under way and have one.</summary>
    public Curve OfAll(string name, OxyColor color, CurveStyle style, Scale scale, Func<FlowSample, double> value, Func<IEnumerable<double>, double> together)
    {
        PlotPoint[] points = new PlotPoint[source.Sampler.Link.Count];
        for (int i = 0; i < points.Length; i++)
        {
            double[] values = [.. source.Sampler.Flows.Select(flow => Of(flow[i], value)).Where(double.IsFinite)];
            points[i] = new PlotPoint(source.SecondsAt(i), values.Length == 0 ? double.NaN : together(values) / scale.One);
        }

        return new Curve(name, null, color, style, points);
    }

    /// <summary>The link's value.</summary>
    public Curve OfLink(string name, OxyColor color, CurveStyle style, Scale scale, Func<LinkSample, double> value) =>
        new(name, null, color, style, [.. source.Sampler.Link.Select((s, i) => new PlotPoint(source.SecondsAt(i), value(s) / scale.One))]);

    /// <summary>Bytes per second that a flow's application has read in each interval; not a number where it was not under way.</summary>
    public IReadOnlyList<double> Goodput(int flow)
    {
        IReadOnlyList<FlowSample> samples = source.Sampler.Flows[flow];
        return [.. source.Intervals().Select(interval =>
            samples[interval.From].IsActive || samples[interval.To].IsActive
                ? (samples[interval.To].DeliveredBytes - samples[interval.From].DeliveredBytes) / (source.SecondsAt(interval.To) - source.SecondsAt(interval.From))
                : double.NaN)];
    }

    /// <summary>A measured value for each interval, in its middle.</summary>
    public Curve OfIntervals(string name, int? flow, OxyColor color, CurveStyle style, Scale scale, IReadOnlyList<double> values) =>
        new(name, flow, color, style, [.. source.Intervals().Select((interval, i) => new PlotPoint(Middle(interval), values[i] / scale.One))]);

    /// <summary>How much a flow's count grew in each interval, where it grew; without a flow, that of all.</summary>
    public Curve OfCounts(string name, int? flow, OxyColor color, CurveStyle style, Func<FlowSample, long> count)
    {
        IReadOnlyList<FlowSample>[] flows = flow is { } one ? [source.Sampler.Flows[one]] : [.. source.Sampler.Flows];
        IEnumerable<PlotPoint> points = source.Intervals()
            .Select(interval => new PlotPoint(Middle(interval), flows.Sum(samples => count(samples[interval.To]) - count(samples[interval.From]))))
            .Where(point => point.Value > 0);
        return new Curve(name, flow, color, style, [.. points]);
    }

    /// <summary>The largest value of any flow.</summary>
    public double Largest(Func<FlowSample, double> value) =>
        source.Sampler.Flows.SelectMany(samples => samples.Select(s => Of(s, value))).Where(double.IsFinite).DefaultIfEmpty(0).Max();

    /// <summary>The interval in words.</summary>
    public string IntervalText => source.IntervalNs >= Instant.Second
        ? FormattableString.Invariant($"{(double)source.IntervalNs / Instant.Second:0.##} s")
        : FormattableString.Invariant($"{(double)source.IntervalNs / Instant.Millisecond:0.##} ms");

    private double Middle((int From, int To) interval) => (source.SecondsAt(interval.From) + source.SecondsAt(interval.To)) / 2;

    private static double Of(in FlowSample sample, Func<FlowSample, double> value)
    {
        double result = sample.IsActive ? value(sample) : double.NaN;
        return result is > 0 and < Quantity.WindowMax ? result : double.NaN;
    }
}
