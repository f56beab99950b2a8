using System.Text.Json;
using NexStream.Tests.Support;
using NexStream.Tool.Commands;
using NexStream.Tool.Plotting;

namespace NexStream.Tests.Tools;

/// <summary>nexstream sim with --plot and --qlog, as it is called.</summary>
[TestFixture, NonParallelizable]
public sealed class PlotCommandTests
{
    private const string Scenario = """{ "duration_s": 0.5, "link": { "rate_mbps": 10, "delay_ms": 5 }, "flows": [ {}, { "congestion": "bbr" } ] }""";

    private string _directory = null!;

    private string File(string name) => Path.Combine(_directory, name);

    [SetUp]
    public void CreateDirectory()
    {
        _directory = Directory.CreateTempSubdirectory("nexstream-plot-").FullName;
        System.IO.File.WriteAllText(File("small.json"), Scenario);
    }

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void Sim_WithPlotAndQlog_WritesThemAndPrintsTheSameResult()
    {
        (int plainCode, string plain) = Cli.Run("sim", File("small.json"), "--json");
        (int code, string output) = Cli.Run("sim", File("small.json"), "--json", "--plot", File("out.svg"), "--qlog", File("traces"));
        Assert.That((plainCode, code), Is.EqualTo((0, 0)));
        Assert.That(output, Is.EqualTo(plain));
        Assert.That(System.IO.File.ReadAllText(File("out.svg")), Does.StartWith("<?xml").And.Contains(">small</text>"));
        Assert.That(Directory.GetFiles(File("traces")).Select(Path.GetFileName), Is.EquivalentTo(new[] { "flow-0.sqlog", "flow-1.sqlog" }));
    }

    /// <summary>It was 2097152.0 TiB.</summary>
    [Test]
    public void Sim_FlowWithoutCongestionControl_HasNoWindowInTheTableNorOnThePage()
    {
        System.IO.File.WriteAllText(File("none.json"), Scenario.Replace("bbr", "none", StringComparison.Ordinal));
        (int code, string output) = Cli.Run("sim", File("none.json"), "--plot", File("none.html"));
        string page = System.IO.File.ReadAllText(File("none.html"));
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain("│ none").And.Contain("KiB").And.Not.Contain("TiB"), "the other flow has one");
        Assert.That(page, Does.Contain("<td>none</td>").And.Contain("<td>-</td></tr>").And.Not.Contain("TiB"));
    }

    [Test]
    public void Sim_PlotAsHtml_WritesAPage()
    {
        (int code, _) = Cli.Run("sim", File("small.json"), "--json", "--plot", File("out.HTML"));
        Assert.That(code, Is.Zero);
        Assert.That(System.IO.File.ReadAllText(File("out.HTML")), Does.StartWith("<!DOCTYPE html>"));
    }

    [TestCase("out.png")]
    [TestCase("out")]
    [TestCase("svg")]
    public void Sim_PlotOfAnotherKind_SaysWhichThereAre(string name)
    {
        (int code, string output) = Cli.Run("sim", File("small.json"), "--json", "--plot", File(name));
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        Assert.That(MessageOf(output), Does.Contain(".svg").And.Contain(".html").And.Contain(name));
        Assert.That(System.IO.File.Exists(File(name)), Is.False);
    }

    [Test]
    public void Sim_PlotIntoNoDirectory_SaysThatThereIsNone()
    {
        (int code, string output) = Cli.Run("sim", File("small.json"), "--json", "--plot", File("none/out.svg"));
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        Assert.That(MessageOf(output), Does.Contain("there is no directory").And.Contain(File("none")));
    }

    [Test]
    public void Sim_PlotOntoADirectory_SaysThatItCannotBeWritten()
    {
        Directory.CreateDirectory(File("taken.svg"));
        (int code, string output) = Cli.Run("sim", File("small.json"), "--json", "--plot", File("taken.svg"));
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        Assert.That(MessageOf(output), Does.Contain("cannot be written"));
    }

    [Test]
    public void Sim_QlogOntoAFile_SaysThatItCannotBeWritten()
    {
        (int code, string output) = Cli.Run("sim", File("small.json"), "--json", "--qlog", File("small.json"));
        Assert.That(code, Is.EqualTo((int)ExitCode.Usage));
        Assert.That(MessageOf(output), Does.Contain("--qlog").And.Contain("cannot be written"));
    }

    [Test]
    public void PlotFile_NameInTheCurrentDirectory_IsRight() => Assert.That(PlotFile.Check("out.svg"), Is.Null);

    private static string MessageOf(string output)
    {
        using var document = JsonDocument.Parse(output);
        return document.RootElement.GetProperty("error").GetProperty("message").GetString()!;
    }
}
