using NexStream.Peers.Cases;
using NexStream.Peers.Results;

namespace NexStream.Tests.Peers;

[TestFixture]
internal sealed class PeerTableTests
{
    private static readonly PeerCase s_cores = new(CaseGroup.Cores, "TCP", "sockets", ["tcp"], ["perf", "--link", "shm"]);
    private static readonly PeerCase s_trip = new(CaseGroup.RoundTrip, "UDP", "sockets", ["udp"], null);

    [Test]
    public void Write_Rounds_ShowsMediansSpreadAndRatiosOfRounds()
    {
        Round[] rounds = [new(Goodput(10), Goodput(5), [100, 200]), new(Goodput(30), Goodput(10), [300]), new(Goodput(20), Goodput(20), [])];

        string text = Written(new CaseOutcome(s_cores, null, null, rounds));

        Assert.That(text, Does.Contain("| TCP | 20.0 (10.0..30.0) | 10.0 (5.00..20.0) | 2.00 (1.00..3.00) | 200 (100..300) | `perf --link shm` |"));
    }

    [Test]
    public void Write_PeerThatIsMissing_SaysWhyAndHasNoRatio()
    {
        string text = Written(new CaseOutcome(s_cores, "not installed: apt-get install libx-dev", null, [new Round(Goodput(10), null, [])]));

        Assert.That(text, Does.Contain("| TCP | 10.0 (10.0..10.0) | not installed: apt-get install libx-dev | – | – |"));
    }

    [Test]
    public void Write_RoundThatFailedLater_KeepsFigureAndReason()
    {
        string text = Written(new CaseOutcome(s_cores, "a|b", null, [new Round(Goodput(10), Goodput(5), []), new Round(Goodput(10), null, [])]));

        Assert.That(text, Does.Contain("| 5.00 (5.00..5.00), then: a/b |"));
    }

    [Test]
    public void Write_RoundTrip_ComparesTheMedianTrip()
    {
        Round[] rounds = [new(new PeerResult(null, null, null, 2, 3), new PeerResult(null, null, null, 4, 9), [120])];

        string text = Written(new CaseOutcome(s_trip, null, null, rounds));

        Assert.That(text, Does.Contain("| UDP | 2.00 (2.00..2.00) | 4.00 (4.00..4.00) | 0.500 (0.500..0.500) | 3.00 | 9.00 | 120 (120..120) | – |"));
    }

    [Test]
    public void Write_EveryTable_HasAsManyCellsAsItsHeader()
    {
        CaseOutcome[] outcomes = [.. CaseList.All.Select(row => new CaseOutcome(row, null, null, []))];

        string text = Written(outcomes);

        string[] rows = [.. text.Split('\n').Where(line => line.StartsWith('|'))];
        int width = 0;
        foreach (string row in rows)
        {
            int cells = row.Count(letter => letter == '|');
            width = row.StartsWith("| peer |", StringComparison.Ordinal) ? cells : width;
            Assert.That(cells, Is.EqualTo(width), row);
        }

        Assert.That(rows, Has.Length.EqualTo(CaseList.All.Count + (2 * Enum.GetValues<CaseGroup>().Length)));
    }

    private static PeerResult Goodput(double gbps) => new(gbps, null, null, null, null);

    private static string Written(params CaseOutcome[] outcomes)
    {
        using var output = new StringWriter();
        PeerTable.Write(output, "machine", "how", outcomes);
        return output.ToString();
    }
}
