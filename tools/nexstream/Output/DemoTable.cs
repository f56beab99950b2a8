using System.Globalization;
using NexStream.Tool.Demo;
using Spectre.Console;

namespace NexStream.Tool.Output;

/// <summary>A demonstration's result for people.</summary>
internal static class DemoTable
{
    public static void Write(IAnsiConsole console, DemoResult result)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns("mode", "work");
        foreach (string name in (string[])["sent", "delivered", "lost", "retransmitted", "goodput", "p50", "p99"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach (ModeResult mode in result.Modes)
        {
            table.AddRow(
                mode.Mode,
                Markup.Escape(mode.Work),
                Count(mode.Sent),
                Count(mode.Delivered),
                Count(mode.Lost),
                Count(mode.Retransmitted),
                Quantity.Rate(mode.GoodputMbps),
                Quantity.Microseconds(mode.P50Us),
                Quantity.Microseconds(mode.P99Us));
        }

        console.Write(table);
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"link: {result.Link}"));
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Seconds:F2} s, round trip {result.RttMs:F2} ms, seed {result.Seed}{(result.Impaired ? ", impaired" : string.Empty)}"));
        if (result.Sha256Sent.Length > 0)
        {
            console.WriteLine($"sha256 sent     {result.Sha256Sent}");
            console.WriteLine($"sha256 received {result.Sha256Received}");
        }

        foreach (ModeResult mode in result.Modes.Where(mode => mode.Reached is not null))
        {
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"probability {mode.Probability} asked for, {mode.Reached:F4} reached; {mode.Overhead:F3} repairs for each message, {mode.LeftOut:P1} left out"));
        }

        foreach (string failure in result.Failures)
        {
            console.WriteLine($"BROKEN: {failure}");
        }

        if (result.Ok)
        {
            console.WriteLine("Every guarantee held.");
        }
    }

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
