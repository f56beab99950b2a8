using System.Globalization;
using NexStream.Tool.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NexStream.Tool.Top;

/// <summary>What nexstream top shows to people.</summary>
internal static class TopView
{
    /// <summary>Streams of a connection that are shown: more do not fit on a screen.</summary>
    private const int StreamsShown = 10;

    /// <summary>Draws a look.</summary>
    public static IRenderable Draw(TopReport report)
    {
        if (report.Drivers.Count == 0)
        {
            return new Text("No process shows what it does: a program has to attach DriverTelemetry to its driver (docs/observability.md).");
        }

        return new Rows(report.Drivers.Select(Draw));
    }

    private static IRenderable Draw(TopDriver driver)
    {
        Table table = new Table().Border(TableBorder.Rounded).Expand();
        table.Title = new TableTitle(Markup.Escape(string.Create(
            CultureInfo.InvariantCulture,
            $"{driver.ProcessId} {driver.Name}: {Quantity.Rate(driver.SendMbps)} out, {Quantity.Rate(driver.ReceiveMbps)} in, {driver.PacketsLost} lost, {driver.ConnectionsOpen} connections, {driver.StreamsOpen} streams, busy {driver.BusyShare:P0}")));
        table.AddColumns("connection", "out", "in", "rtt", "window", "in flight", "lost", "again", "buffered");
        foreach (TopConnection connection in driver.Connections)
        {
            table.AddRow(
                Cell($"{connection.Index} {connection.Remote[^8..]}{(connection.IsOpen ? string.Empty : " (not open)")}"),
                new Text(Quantity.Rate(connection.SendMbps)),
                new Text(Quantity.Rate(connection.ReceiveMbps)),
                Cell($"{connection.RttMs:F2} ms"),
                new Text(Quantity.Bytes(connection.CongestionWindow)),
                new Text(Quantity.Bytes(connection.BytesInFlight)),
                Cell($"{connection.PacketsLost}"),
                Cell($"{connection.Retransmissions}"),
                new Text(string.Empty));
            foreach (TopStream stream in connection.Streams.Take(StreamsShown))
            {
                table.AddRow(
                    Cell($"  {stream.Id:x8} {stream.Mode}"),
                    Cell($"{stream.Sent}"),
                    Cell($"{stream.Received}"),
                    new Text(string.Empty),
                    new Text(string.Empty),
                    new Text(string.Empty),
                    Cell($"{stream.PacketsLost}"),
                    Cell($"{stream.Retransmissions}"),
                    new Text(Quantity.Bytes(stream.SendBuffered + stream.ReceiveBuffered)));
            }

            if (connection.Streams.Count > StreamsShown)
            {
                table.AddRow(Cell($"  and {connection.Streams.Count - StreamsShown} more streams"));
            }
        }

        return table;
    }

    private static Text Cell(FormattableString text) => new(text.ToString(CultureInfo.InvariantCulture));
}
