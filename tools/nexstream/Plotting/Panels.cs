using NexStream.Simulator.Observation;

namespace NexStream.Tool.Plotting;

/// <summary>
/// The panels of a picture: window, round trip, rates, queue, losses. Up to <see cref="Palette.FlowsMax"/> flows each has its curves; of more,
/// the sum is shown, and the least and most that any one of them has.
/// </summary>
internal sealed class Panels(PlotSource source)
{
    // A controller that does not know the path yet may pace at any rate: what is beyond is cut, so that the rest can be read.
    private const double RateTop = 3;

    private readonly Curves _curves = new(source);

    private bool IsMany => source.Simulation.Flows.Count > Palette.FlowsMax;

    public IReadOnlyList<Panel> Create() => [Window(), RoundTrip(), Rates(), Queue(), Losses()];

    private Panel Window()
    {
        double largest = _curves.Largest(s => s.CongestionWindow);
        if (!IsMany)
        {
            var scale = Scale.Bytes(largest);
            return new Panel("window", scale.Unit, [
                .. PerFlow(i => _curves.OfFlow("bytes in flight", i, CurveStyle.Pale, scale, s => s.BytesInFlight)),
                .. PerFlow(i => _curves.OfFlow("congestion window", i, CurveStyle.Solid, scale, s => s.CongestionWindow))]);
        }

        var sum = Scale.Bytes(largest * source.Simulation.Flows.Count);
        return new Panel("window", sum.Unit, [
            _curves.OfAll("bytes in flight, sum", Palette.Sum, CurveStyle.Pale, sum, s => s.BytesInFlight, Enumerable.Sum),
            _curves.OfAll("congestion window, sum", Palette.Sum, CurveStyle.Solid, sum, s => s.CongestionWindow, Enumerable.Sum),
            .. Extremes("window", sum, s => s.CongestionWindow)]);
    }

    private Panel RoundTrip()
    {
        Scale scale = Scale.Milliseconds;
        return new Panel("round trip", scale.Unit, IsMany
            ? [
                _curves.OfAll("smoothed, mean", Palette.Sum, CurveStyle.Solid, scale, s => s.SmoothedRttNs, Enumerable.Average),
                _curves.OfAll("shortest, least of all", Palette.Sum, CurveStyle.Dotted, scale, s => s.MinRttNs, Enumerable.Min),
                .. Extremes("smoothed", scale, s => s.SmoothedRttNs)]
            : [
                .. PerFlow(i => _curves.OfFlow("latest", i, CurveStyle.Pale, scale, s => s.LatestRttNs)),
                .. PerFlow(i => _curves.OfFlow("smoothed", i, CurveStyle.Solid, scale, s => s.SmoothedRttNs)),
                .. PerFlow(i => _curves.OfFlow("shortest", i, CurveStyle.Dotted, scale, s => s.MinRttNs))]);
    }

    private Panel Rates()
    {
        double fastest = source.Sampler.Link.Max(s => s.Rate);
        var scale = Scale.Rate(fastest);
        string goodput = $"goodput, per {_curves.IntervalText}";
        Curve link = _curves.OfLink("link", Palette.Link, CurveStyle.Step, scale, s => s.Rate);
        double top = RateTop * fastest / scale.One;
        if (!IsMany)
        {
            return new Panel("rate", scale.Unit, [
                link,
                .. PerFlow(i => _curves.OfFlow("pacing", i, CurveStyle.Pale, scale, s => s.PacingRate)),
                .. PerFlow(i => _curves.OfFlow("delivery, as measured", i, CurveStyle.Dotted, scale, s => s.DeliveryRate)),
                .. PerFlow(i => _curves.OfIntervals(goodput, i, Palette.Flow(i), CurveStyle.Solid, scale, _curves.Goodput(i)))], top);
        }

        IReadOnlyList<double>[] all = [.. source.Simulation.Flows.Select(flow => _curves.Goodput(flow.Index))];
        return new Panel("rate", scale.Unit, [
            link,
            _curves.OfAll("pacing, sum", Palette.Sum, CurveStyle.Pale, scale, s => s.PacingRate, Enumerable.Sum),
            _curves.OfIntervals($"{goodput}, sum", null, Palette.Sum, CurveStyle.Solid, scale, Together(all, Enumerable.Sum)),
            _curves.OfIntervals("goodput, least", null, Palette.Extreme, CurveStyle.Dotted, scale, Together(all, Enumerable.Min)),
            _curves.OfIntervals("goodput, most", null, Palette.Extreme, CurveStyle.Dashed, scale, Together(all, Enumerable.Max))], top);
    }

    private Panel Queue()
    {
        var scale = Scale.Bytes(source.Sampler.Link.Max(s => s.QueueLimit));
        Curve[] reverse = source.Simulation.Scenario.Reverse is null
            ? []
            : [_curves.OfLink("waiting, way back", Palette.Extreme, CurveStyle.Solid, scale, s => s.ReverseQueued)];
        return new Panel("queue of the link", scale.Unit, [
            .. reverse,
            _curves.OfLink("waiting", Palette.Link, CurveStyle.Solid, scale, s => s.Queued),
            _curves.OfLink("limit", Palette.Link, CurveStyle.Dashed, scale, s => s.QueueLimit)]);
    }

    private Panel Losses() => new("frames", $"per {_curves.IntervalText}", IsMany
        ? [
            _curves.OfCounts("dropped by the queue", null, Palette.Sum, CurveStyle.Crosses, s => s.Dropped),
            _curves.OfCounts("lost on the way", null, Palette.Extreme, CurveStyle.Circles, s => s.Lost),
            _curves.OfCounts("marked", null, Palette.Link, CurveStyle.Triangles, s => s.Marked)]
        : [
            .. PerFlow(i => _curves.OfCounts("dropped by the queue", i, Palette.Flow(i), CurveStyle.Crosses, s => s.Dropped)),
            .. PerFlow(i => _curves.OfCounts("lost on the way", i, Palette.Flow(i), CurveStyle.Circles, s => s.Lost)),
            .. PerFlow(i => _curves.OfCounts("marked", i, Palette.Flow(i), CurveStyle.Triangles, s => s.Marked))])
    {
        Empty = "nothing dropped, lost or marked on the way to the server",
    };

    private IEnumerable<Curve> PerFlow(Func<int, Curve> create) => source.Simulation.Flows.Select(flow => create(flow.Index));

    private IEnumerable<Curve> Extremes(string name, Scale scale, Func<FlowSample, double> value) => [
        _curves.OfAll($"{name}, least", Palette.Extreme, CurveStyle.Dotted, scale, value, Enumerable.Min),
        _curves.OfAll($"{name}, most", Palette.Extreme, CurveStyle.Dashed, scale, value, Enumerable.Max)];

    private static double[] Together(IReadOnlyList<double>[] all, Func<IEnumerable<double>, double> together) =>
        [.. Enumerable.Range(0, all[0].Count).Select(i =>
        {
            double[] values = [.. all.Select(flow => flow[i]).Where(double.IsFinite)];
            return values.Length == 0 ? double.NaN : together(values);
        })];
}
