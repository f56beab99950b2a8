using System.Globalization;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using Spectre.Console;

namespace NexStream.Tool.Output;

/// <summary>A simulation's result for people.</summary>
internal static class SimulationTable
{
    public static void Write(IAnsiConsole console, Simulation simulation, SimulationResult result, TimeSpan took)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns(FlowRow.Labels);
        foreach (string name in FlowRow.ShortNames)
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        for (int i = 0; i < result.Flows.Count; i++)
        {
            table.AddRow(FlowRow.ShortCells(i, simulation.Flows[i].Spec.Congestion, result.Flows[i]));
        }

        console.Write(table);
        if (simulation.Links.Count > 1)
        {
            console.Write(PathTable(result));
        }

        double wall = Math.Max(took.TotalSeconds, 1e-6);
        long frames = simulation.Links.Sum(link => link.Counters.Frames) + simulation.Reverses.Sum(link => link.Counters.Frames);
        console.WriteLine(Text($"{result.ElapsedS:F2} s, utilisation {result.Utilisation:P1}, Jain {result.Jain:F3}, seed {simulation.Scenario.Seed}"));
        console.WriteLine(Text($"{wall:F2} s of real time: {result.ElapsedS / wall:F0} times faster, {frames / wall:N0} frames/s"));
        foreach (string violation in result.Violations)
        {
            console.WriteLine($"BROKEN: {violation}");
        }

        if (result.Ok)
        {
            console.WriteLine("Every guarantee held.");
        }
    }

    private static Table PathTable(SimulationResult result)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns("flow", "path", "state");
        foreach (string name in (string[])["packets", "sent", "lost", "spurious", "srtt", "least", "window"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        for (int i = 0; i < result.Flows.Count; i++)
        {
            foreach (PathResult path in result.Flows[i].Paths)
            {
                table.AddRow(
                    i.ToString(CultureInfo.InvariantCulture),
                    path.Id.ToString(CultureInfo.InvariantCulture),
                    path.Condition,
                    Text($"{path.SentPackets:N0}"),
                    Quantity.Bytes((long)path.SentBytes),
                    Text($"{path.LostPackets:N0}"),
                    Text($"{path.SpuriousRetransmits:N0}"),
                    Text($"{path.SrttMs:F1} ms"),
                    Text($"{path.MinRttMs:F1} ms"),
                    Quantity.Window(path.CwndBytes));
            }
        }

        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
