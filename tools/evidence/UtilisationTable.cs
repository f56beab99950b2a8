using System.Globalization;
using NexStream.Simulator.Experiments;

namespace NexStream.Evidence;

/// <summary>How much of a link one flow uses, for every kind of link.</summary>
internal static class UtilisationTable
{
    /// <summary>Below this many frames of bandwidth-delay product a cell is reported, not judged.</summary>
    private const int ProductFramesMin = 4;

    private static readonly double[] s_ratesMbps = [1, 10, 100, 1000];
    private static readonly double[] s_rttsMs = [2, 20, 100, 300];
    private static readonly double[] s_queues = [0.5, 1, 4];

    public static void Write(TextWriter output, string? only)
    {
        Utilisation[] cells =
        [
            .. from controller in (string[])["cubic", "bbr"]
               where only is null || only == controller
               from rate in s_ratesMbps
               from rtt in s_rttsMs
               from queue in s_queues
               select new Utilisation(controller, rate, rtt, queue),
        ];
        var results = new UtilisationResult[cells.Length];

        // The longest runs first, so that no processor waits for the last one.
        int[] order = [.. Enumerable.Range(0, cells.Length).OrderByDescending(i => cells[i].RateMbps * Math.Max(cells[i].RttMs, 100))];
        Parallel.ForEach(
            order,
            i =>
            {
                results[i] = cells[i].Measure();
                Console.Error.WriteLine($"{cells[i].Congestion} {cells[i].RateMbps} Mbit/s {cells[i].RttMs} ms {cells[i].QueueProducts}: {results[i].Share:F3}");
            });
        output.WriteLine("# Utilisation of one bulk flow");
        output.WriteLine();
        output.WriteLine("Bytes on the wire of those that the link could carry, after start-up. Made by `dotnet run -c Release --project tools/evidence -- utilisation`.");
        output.WriteLine("Cells in brackets have a bandwidth-delay product below four frames and are reported only.");
        output.WriteLine();
        output.WriteLine("| controller | rate Mbit/s | RTT ms | queue 0.5 BDP | queue 1 BDP | queue 4 BDP |");
        output.WriteLine("|---|---|---|---|---|---|");
        for (int i = 0; i < cells.Length; i += s_queues.Length)
        {
            string row = string.Join(" | ", Enumerable.Range(i, s_queues.Length).Select(j => Cell(cells[j], results[j])));
            output.WriteLine(Text($"| {cells[i].Congestion} | {cells[i].RateMbps} | {cells[i].RttMs} | {row} |"));
        }
    }

    private static string Cell(Utilisation cell, UtilisationResult result)
    {
        string share = Text($"{result.Share:F3}");
        return cell.ProductFrames < ProductFramesMin ? $"({share})" : result.Ok ? share : $"{share} BROKEN";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
