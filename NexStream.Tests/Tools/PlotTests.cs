using System.Text;
using System.Xml.Linq;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Observation;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Tool.Plotting;

namespace NexStream.Tests.Tools;

/// <summary>Pictures show every flow in every panel, and are the same each time.</summary>
[TestFixture]
public sealed class PlotTests
{
    private static readonly string[] s_perFlow = ["congestion window", "bytes in flight", "smoothed", "latest", "shortest", "pacing", "delivery, as measured"];

    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Test]
    public void Svg_OfARun_IsWellFormedAndHasItsPanels()
    {
        var root = XDocument.Parse(Picture.Draw(Run(2), isDocument: true)).Root!;
        string[] texts = [.. root.Descendants(s_svg + "text").Select(t => t.Value)];
        Assert.That(root.Name, Is.EqualTo(s_svg + "svg"));
        Assert.That(root.Attribute("viewBox"), Is.Not.Null);
        Assert.That(root.Element(s_svg + "title")!.Value, Is.EqualTo("lossy <2>"));
        Assert.That(texts, Is.SupersetOf(new[]
        {
            "lossy <2>", "flow 0, cubic", "flow 1, bbr", "window [kB]", "round trip [ms]", "rate [Mbit/s]", "queue of the link [kB]", "virtual time [s]",
            "congestion window", "bytes in flight", "smoothed", "latest", "shortest", "pacing", "link", "limit", "dropped by the queue", "lost on the way", "marked",
        }));
        Assert.That(texts, Has.One.Matches<string>(t => t!.StartsWith("frames [per ", StringComparison.Ordinal)));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(8)]
    public void Panels_OfUpToEightFlows_HaveACurveForEach(int flows)
    {
        Curve[] curves = [.. new Panels(Run(flows)).Create().SelectMany(p => p.Curves)];
        foreach (string name in s_perFlow)
        {
            Curve[] ofName = [.. curves.Where(c => c.Name == name)];
            Assert.That(ofName.Select(c => c.Flow), Is.EqualTo(Enumerable.Range(0, flows).Cast<int?>()), name);
            Assert.That(ofName.Select(c => c.Color).Distinct().Count(), Is.EqualTo(flows), "a colour each");
            Assert.That(ofName, Is.All.Matches<Curve>(c => c!.Points.Any(p => p.Value > 0)), name);
        }

        Assert.That(curves.Count(c => c.Name.StartsWith("goodput", StringComparison.Ordinal)), Is.EqualTo(flows));
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Svg_OfFlows_HasALineInEachOnesColour(int flows)
    {
        var root = XDocument.Parse(Picture.Draw(Run(flows), isDocument: true)).Root!;
        string[] styles = [.. root.Descendants(s_svg + "polyline").Select(p => (string)p.Attribute("style")!)];
        for (int flow = 0; flow < Palette.FlowsMax; flow++)
        {
            OxyPlot.OxyColor color = Palette.Flow(flow);
            int lines = styles.Count(s => s.Contains($"stroke:rgb({color.R},{color.G},{color.B})", StringComparison.Ordinal));
            Assert.That(lines, flow < flows ? Is.GreaterThanOrEqualTo(s_perFlow.Length) : Is.Zero, $"flow {flow}");
        }
    }

    [Test]
    public void Panels_OfManyFlows_ShowTheirSumLeastAndMost()
    {
        PlotSource source = Run(9);
        Panel window = new Panels(source).Create()[0];
        Assert.That(window.Curves.Select(c => c.Name), Is.EqualTo(new[] { "bytes in flight, sum", "congestion window, sum", "window, least", "window, most" }));
        int sample = source.Sampler.Link.Count / 2;
        long[] windows = [.. source.Sampler.Flows.Select(f => f[sample].CongestionWindow)];
        Assert.That(window.Unit, Is.EqualTo("kB"));
        Assert.That(
            window.Curves.Skip(1).Select(c => c.Points[sample].Value),
            Is.EqualTo(new[] { windows.Sum() / 1e3, windows.Min() / 1e3, windows.Max() / 1e3 }).Within(1e-6));
        Assert.That(Picture.Draw(source, isDocument: true), Does.Contain("5 cubic, 4 bbr"));
    }

    [Test]
    public void Goodput_OverTheRun_IsWhatWasDelivered()
    {
        PlotSource source = Run(2);
        var curves = new Curves(source);
        double bytes = curves.Goodput(0).Zip(source.Intervals(), (rate, i) => rate * (source.SecondsAt(i.To) - source.SecondsAt(i.From))).Sum();
        Assert.That(bytes, Is.EqualTo(source.Simulation.Flows[0].DeliveredBytes).Within(1));
    }

    [Test]
    public void Losses_OverTheRun_AreTheLinksCounts()
    {
        PlotSource source = Run(2);
        Panel frames = new Panels(source).Create()[^1];
        double lost = frames.Curves.Where(c => c.Name == "lost on the way").Sum(c => c.Points.Sum(p => p.Value));
        Assert.That(lost, Is.EqualTo(source.Simulation.Link.Counters.Lost).And.GreaterThan(0));
    }

    [Test]
    public void Losses_WhereThereAreNone_AreSaidToBeNone()
    {
        string svg = Picture.Draw(Run("""{ "duration_s": 1, "link": { "rate_mbps": 10, "delay_ms": 5 }, "flows": [ { "streams": [ { "rate_mbps": 1 } ] } ] }"""), isDocument: true);
        Assert.That(svg, Does.Contain("nothing dropped, lost or marked"));
    }

    [Test]
    public void Picture_OfTheSameSeed_IsTheSameBytes()
    {
        byte[] once = Encoding.UTF8.GetBytes(Picture.Draw(Run(3), isDocument: true));
        byte[] again = Encoding.UTF8.GetBytes(Picture.Draw(Run(3), isDocument: true));
        byte[] other = Encoding.UTF8.GetBytes(Picture.Draw(Run(3, seed: 2), isDocument: true));
        Assert.That(again, Is.EqualTo(once));
        Assert.That(other, Is.Not.EqualTo(once));
    }

    [Test]
    public void Page_OfARun_NeedsNothingElse()
    {
        PlotSource source = Run(2);
        string page = HtmlPage.Write(source);
        Assert.That(page, Does.StartWith("<!DOCTYPE html>").And.Contains("<title>lossy &lt;2&gt;</title>"));
        Assert.That(page, Does.Not.Contain("<script").And.Not.Contain("<link").And.Not.Contain("src=").And.Not.Contain("href").And.Not.Contain("<?xml"));
        Assert.That(page.Split("<tr>"), Has.Length.EqualTo(4), "a head, and a row for each flow");

        int from = page.IndexOf("<svg", StringComparison.Ordinal);
        int to = page.IndexOf("</svg>", StringComparison.Ordinal) + "</svg>".Length;
        Assert.That(XDocument.Parse(page[from..to]).Root!.Name, Is.EqualTo(s_svg + "svg"));
    }

    private static PlotSource Run(int flows, ulong seed = 1)
    {
        IEnumerable<string> specs = Enumerable.Range(0, flows).Select(i => i % 2 == 0 ? """{ "congestion": "cubic" }""" : """{ "congestion": "bbr", "start_s": 0.1 }""");
        return Run($$"""{ "seed": {{seed}}, "duration_s": 3, "link": { "rate_mbps": 20, "delay_ms": 10, "loss": 0.01 }, "flows": [ {{string.Join(',', specs)}} ] }""");
    }

    private static PlotSource Run(string json)
    {
        var simulation = new Simulation(ScenarioReader.Read(json));
        var sampler = Sampler.Attach(simulation);
        SimulationResult result = simulation.Run();
        sampler.Finish();
        return new PlotSource("lossy <2>", simulation, sampler, result);
    }
}
