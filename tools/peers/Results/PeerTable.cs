using System.Globalization;
using NexStream.Peers.Cases;

namespace NexStream.Peers.Results;

/// <summary>Writes what was measured as Markdown.</summary>
internal static class PeerTable
{
    private const string Absent = "–";

    /// <summary>Writes the whole document.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="machine">One line about the machine.</param>
    /// <param name="how">One line about rounds and seconds.</param>
    /// <param name="outcomes">All cases that were asked for, in their order.</param>
    public static void Write(TextWriter output, string machine, string how, IReadOnlyList<CaseOutcome> outcomes)
    {
        output.WriteLine("# Peers beside ours");
        output.WriteLine();
        output.WriteLine("Made by `dotnet run -c Release --project tools/peers`.");
        output.WriteLine($"{machine}. {how}");
        output.WriteLine("Median (minimum..maximum) of the rounds. A ratio is ours divided by the peer's, formed in each round, whose two halves run next to each other.");
        output.WriteLine("KCP is not compared: neither Debian nor NuGet ships it.");
        foreach (IGrouping<CaseGroup, CaseOutcome> group in outcomes.GroupBy(outcome => outcome.Case.Group))
        {
            WriteGroup(output, group.Key, [.. group]);
        }
    }

    private static void WriteGroup(TextWriter output, CaseGroup group, IReadOnlyList<CaseOutcome> outcomes)
    {
        output.WriteLine();
        output.WriteLine(group switch
        {
            CaseGroup.Memory => "## In memory, one thread",
            CaseGroup.Cores => "## Between two cores",
            CaseGroup.Coding => "## Forward error correction",
            _ => "## Round trip of 64 bytes",
        });
        output.WriteLine();
        output.WriteLine(group switch
        {
            CaseGroup.Memory =>
                "Ordered bytes (or whole messages where it says unordered) from A to B, no loss, the work of both ends. The payload is written by the sender, copied "
                + "into the packet, copied out of it and read. Sizes are whole packets. ngtcp2 runs with encryption that does nothing, usrsctp without its checksum; "
                + "Debian's lwIP has its 64 KB window, segments of at most 1460 B and checksums built in.",
            CaseGroup.Cores => "The sender is pinned to core 0 and the receiver to core 1. Both touch every cache line of the payload. UDP counts what arrived.",
            CaseGroup.Coding => "Gbit/s of source bytes, the same blocks again and again in one thread. ISA-L is Debian's, which uses AVX-512 or AVX2 but not GFNI.",
            _ => "p50 and p99 in µs, both sides spinning. Lower is better: a ratio below 1 is in our favour.",
        });
        if (group is CaseGroup.Cores or CaseGroup.RoundTrip)
        {
            output.WriteLine("The last figure is the round trip of one cache line between the two cores before and after each round: the host's placement of the cores moves everything here.");
        }

        output.WriteLine();
        WriteHeader(output, group);
        foreach (CaseOutcome outcome in outcomes)
        {
            output.WriteLine($"| {string.Join(" | ", Cells(outcome))} |");
        }
    }

    private static void WriteHeader(TextWriter output, CaseGroup group)
    {
        string[] names = group switch
        {
            CaseGroup.Memory => ["peer", "ours Gbit/s", "peer Gbit/s", "ratio", "ours ns/packet", "peer ns/packet", "ours acks/data", "peer acks/data", "ours is"],
            CaseGroup.Coding => ["peer", "ours Gbit/s", "peer Gbit/s", "ratio", "ours ns/source", "peer ns/source", "ours is"],
            CaseGroup.Cores => ["peer", "ours Gbit/s", "peer Gbit/s", "ratio", "cache line ns", "ours is"],
            _ => ["peer", "ours p50", "peer p50", "ratio", "ours p99", "peer p99", "cache line ns", "ours is"],
        };
        output.WriteLine($"| {string.Join(" | ", names)} |");
        output.WriteLine($"|{string.Concat(Enumerable.Repeat("---|", names.Length))}");
    }

    private static IEnumerable<string> Cells(CaseOutcome outcome)
    {
        yield return outcome.Case.Name;
        yield return Figure(outcome, outcome.Ours, outcome.OursMissing);
        yield return Figure(outcome, outcome.Peer, outcome.Missing);
        yield return Text(outcome.Ratio);
        if (outcome.Case.Group is CaseGroup.Memory or CaseGroup.Coding)
        {
            yield return Middle(Spread.Of(outcome.Ours, result => result.NsPerPacket));
            yield return Middle(Spread.Of(outcome.Peer, result => result.NsPerPacket));
        }

        if (outcome.Case.Group == CaseGroup.Memory)
        {
            yield return Middle(Spread.Of(outcome.Ours, result => result.AcksPerData));
            yield return Middle(Spread.Of(outcome.Peer, result => result.AcksPerData));
        }

        if (outcome.Case.Group == CaseGroup.RoundTrip)
        {
            yield return Middle(Spread.Of(outcome.Ours, result => result.P99Us));
            yield return Middle(Spread.Of(outcome.Peer, result => result.P99Us));
        }

        if (outcome.Case.TwoCores)
        {
            yield return Text(outcome.Probe);
        }

        yield return outcome.Case.Ours is string[] ours ? $"`{string.Join(' ', ours)}`" : Absent;
    }

    // A run that failed leaves its reason in the table, even where other rounds have a figure.
    private static string Figure(CaseOutcome outcome, IEnumerable<PeerResult> results, string? missing)
    {
        string reason = missing?.Replace('|', '/') ?? string.Empty;
        return Spread.Of(results, outcome.Case.Figure) is not Spread spread ? reason.Length == 0 ? Absent : reason
            : reason.Length == 0 ? Text(spread) : $"{Text(spread)}, then: {reason}";
    }

    private static string Text(Spread? spread) => spread is Spread some ? $"{Number(some.Median)} ({Number(some.Min)}..{Number(some.Max)})" : Absent;

    private static string Middle(Spread? spread) => spread is Spread some ? Number(some.Median) : Absent;

    /// <summary>Three significant digits, never an exponent.</summary>
    private static string Number(double value)
    {
        string format = Math.Abs(value) switch
        {
            >= 100 => "F0",
            >= 10 => "F1",
            >= 1 => "F2",
            _ => "F3",
        };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
