using System.Globalization;
using NexStream.Core.Config;
using NexStream.Simulator.Experiments;

namespace NexStream.Evidence;

/// <summary>What share of its messages a probabilistic stream delivers, for every probability and loss.</summary>
internal static class DeliveryTable
{
    /// <summary>How far a share may be off where redundancy is not needed.</summary>
    private const double Point = 0.01;

    private static readonly double[] s_probabilities = [0.1, 0.25, 0.5, 0.9, 0.99, 0.999];
    private static readonly double[] s_losses = [0, 0.01, 0.05, 0.1, 0.2];
    private static readonly double[] s_bursts = [1, 3];

    public static void Write(TextWriter output, long? messages)
    {
        Delivery[] cells =
        [
            .. from probability in s_probabilities
               from loss in s_losses
               from burst in s_bursts
               where loss > 0 || burst == 1
               select new Delivery(probability, loss, burst) { Messages = messages ?? 1_000_000 },
        ];
        var results = new DeliveryResult[cells.Length];
        Parallel.For(0, cells.Length, i =>
        {
            results[i] = cells[i].Measure();
            Console.Error.WriteLine(Text($"p {cells[i].Probability} loss {cells[i].Loss} burst {cells[i].MeanBurst}: {results[i].Share:F5} {Verdict(cells[i], results[i])}"));
        });
        double flushMs = new ConnectionConfig().RepairFlush.TotalMilliseconds;
        output.WriteLine("# Probability asked for, and reached");
        output.WriteLine();
        output.WriteLine("One Probabilistic stream in virtual time, 10,000 messages a second, after 2 s. Made by `dotnet run -c Release --project tools/evidence -- delivery`.");
        output.WriteLine(Text($"{cells[0].Messages:N0} messages a cell; groups of {ProbabilisticConfig.GroupSizeDefault}, flushed after {flushMs} ms; thinning on."));
        output.WriteLine("The bounds hold with 99 % confidence each, from blocks of 256 messages. Overhead is repairs for each message sent; the least is what any code needs,");
        output.WriteLine("max(0, p / (1 - loss) - 1). Met: within a point where the path delivers p or more; else not below p by the lower bound, on the boundary within a point.");
        output.WriteLine();
        output.WriteLine("| p | loss | mean burst | delivered | lower bound | upper bound | left out | overhead | least | met |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        for (int i = 0; i < cells.Length; i++)
        {
            (Delivery cell, DeliveryResult result) = (cells[i], results[i]);
            output.WriteLine(Text(
                $"| {cell.Probability} | {cell.Loss:P0} | {cell.MeanBurst} | {result.Share:F5} | {result.Low:F5} | {result.High:F5} | {result.Thinned:F4} | {result.Overhead:F4} | {result.Minimum:F4} | {Verdict(cell, result)} |"));
        }
    }

    /// <summary>A question to N peers of which K have to hear it.</summary>
    public static void WriteQuorum(TextWriter output)
    {
        Quorum[] cells = [new(5, 3, 0.9, 0.05), new(10, 7, 0.8, 0.1), new(20, 10, 0.6, 0.2), new(3, 3, 0.99, 0.05)];
        output.WriteLine("# Enough answers");
        output.WriteLine();
        output.WriteLine("A question goes to N peers over streams with probability p, and K of them have to hear it. Computed: the upper tail of the binomial distribution.");
        output.WriteLine("Made by `dotnet run -c Release --project tools/evidence -- quorum`, 200,000 questions a row.");
        output.WriteLine();
        output.WriteLine("| N | K | p | loss | computed | measured |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach (Quorum cell in cells)
        {
            (double share, bool isOk) = cell.Measure();
            output.WriteLine(Text($"| {cell.Peers} | {cell.Needed} | {cell.Probability} | {cell.Loss:P0} | {cell.Computed:F4} | {share:F4}{(isOk ? "" : " BROKEN")} |"));
        }
    }

    private static string Verdict(Delivery cell, DeliveryResult result)
    {
        double surplus = 1 - cell.Loss - cell.Probability;
        bool isMet = surplus < -1e-9 ? result.Low >= cell.Probability : Math.Abs(result.Share - cell.Probability) <= Point;
        return !result.Ok ? "BROKEN" : isMet ? "yes" : "NO";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
