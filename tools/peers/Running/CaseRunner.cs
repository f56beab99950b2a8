using System.Globalization;
using NexStream.Peers.Cases;
using NexStream.Peers.Results;

namespace NexStream.Peers.Running;

/// <summary>Runs ours and a peer in turn.</summary>
internal sealed class CaseRunner(NativePeers native, Ours? ours, Settings settings, TextWriter progress)
{
    private const double ProbeSeconds = 0.1;

    /// <summary>Runs all rounds of a case.</summary>
    public CaseOutcome Run(PeerCase row)
    {
        string[]? peer = PeerCommand(row);
        string? missing = peer is null ? CaseList.Remedy(row.Program) : null;
        string? oursMissing = row.Ours is null ? "no command of ours yet" : ours is null ? "nexstream is not built" : null;
        var rounds = new List<Round>();
        for (int i = 0; i < settings.Rounds && (missing is null || oursMissing is null); i++)
        {
            var probes = new List<double>();
            Probe(row, probes);
            PeerResult? ourResult = null;
            if (oursMissing is null)
            {
                (ourResult, oursMissing) = ours!.Measure(row.Ours!, settings.Seconds);
            }

            PeerResult? peerResult = null;
            if (missing is null)
            {
                (peerResult, missing) = Command.Measure(peer![0], [.. peer[1..], "--seconds", Text(settings.Seconds)], settings.Seconds);
            }

            Probe(row, probes);
            rounds.Add(new Round(ourResult, peerResult, probes));
        }

        var outcome = new CaseOutcome(row, missing, oursMissing, rounds);
        progress.WriteLine($"{row.Name}: ours {Line(outcome, outcome.Ours, oursMissing)}, peer {Line(outcome, outcome.Peer, missing)}");
        return outcome;
    }

    private static string Line(CaseOutcome outcome, IEnumerable<PeerResult> results, string? missing) =>
        missing ?? Spread.Of(results, outcome.Case.Figure)?.Median.ToString("G4", CultureInfo.InvariantCulture) ?? "-";

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private string[]? PeerCommand(PeerCase row)
    {
        if (row.Program == PeerCase.LiteNetLib)
        {
            // Its own process, as every other peer has.
            return ["dotnet", typeof(CaseRunner).Assembly.Location, PeerCase.LiteNetLib, .. row.Arguments];
        }

        return native.Find(row.Program) is string path ? [path, .. row.Arguments] : null;
    }

    private void Probe(PeerCase row, List<double> probes)
    {
        if (row.TwoCores && native.Find("probe") is string probe
            && Command.Measure(probe, ["cacheline", "--seconds", Text(ProbeSeconds)], ProbeSeconds).Result?.NsPerPacket is double ns)
        {
            probes.Add(ns);
        }
    }
}
