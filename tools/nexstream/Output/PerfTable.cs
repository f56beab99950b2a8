using System.Globalization;
using NexStream.Perf;
using NexStream.Perf.Memory;
using Spectre.Console;

namespace NexStream.Tool.Output;

/// <summary>What perf measured, for people.</summary>
internal static class PerfTable
{
    public static void Write(IAnsiConsole console, PerfResult result)
    {
        Table table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("what", "value");
        Add(table, "workload", $"{result.Mode}, {result.Streams} streams, {result.FrameBytes} B a frame, {result.Link}{(result.Native ? " (native ring)" : string.Empty)}");
        Add(table, "a data frame", $"{result.NsPerDataFrame:F1} ns ({result.NsPerDataFrameMin:F1} to {result.NsPerDataFrameMax:F1})");
        Add(table, "frames", $"{result.FramesPerS / 1e6:F2} million a second");
        Add(table, "goodput", $"{result.GoodputGbps:F1} Gbit/s");
        Add(table, "acknowledgements", $"{result.AcksPerData:F3} for a data frame");
        Add(table, "allocated", $"{result.AllocatedBytes} bytes");
        Add(table, "memory copy", $"{result.MemcpyGbytesS:F1} GB/s; {result.CopiesPerByte} copies a byte; {result.RatioToLimit:P0} of that limit");
        if (result.CachelineRttNs is { } before && result.CachelineRttNsAfter is { } after)
        {
            Add(table, "cache line", $"{before:F0} ns between the cores and back before, {after:F0} ns after");
        }

        if (result.Split is { } split)
        {
            Add(table, "split", $"application {split.Application:F1}, transmit {split.Transmit:F1}, receive {split.Receive:F1}, acknowledge {split.Acknowledge:F1}, timers {split.Timers:F1} ns");
        }

        console.Write(table);
    }

    public static void Write(IAnsiConsole console, LatencyResult result)
    {
        Table table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("what", "value");
        Add(table, "what", $"{result.What}, {result.Link}, {result.FrameBytes} B, {result.Count:N0} times");
        Add(table, "p50", $"{result.P50Ns:N0} ns");
        Add(table, "p99", $"{result.P99Ns:N0} ns");
        Add(table, "p99.9", $"{result.P999Ns:N0} ns");
        Add(table, "longest", $"{result.MaxNs:N0} ns");
        if (result.CachelineRttNs is { } before && result.CachelineRttNsAfter is { } after)
        {
            Add(table, "cache line", $"{before:F0} ns between the cores and back before, {after:F0} ns after");
        }

        console.Write(table);
    }

    public static void Write(IAnsiConsole console, CodingResult result)
    {
        Table table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("what", "value");
        Add(table, "what", $"{result.Repairs} repairs of {result.Sources} messages of {result.FrameBytes} B, with {result.Instructions}");
        Add(table, "messages", $"{result.GoodputGbps:F0} Gbit/s, {result.NsPerDataFrame:F1} ns each");
        Add(table, "beside a copy", $"{result.RatioToLimit:F2} of {result.MemcpyGbytesS:F0} GB/s");
        console.Write(table);
    }

    public static void Write(IAnsiConsole console, RecordingResult result)
    {
        Table table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("what", "value");
        Add(table, "workload", $"{result.Mode}, {result.FrameBytes} B a frame, {(result.Generated ? "a pattern that the trace names" : "payload as it is")}");
        Add(table, "a data frame", $"{result.NsPerDataFrame:F1} ns, recorded {result.RecordedNsPerDataFrame:F1} ns: {result.Ratio:F2} times");
        Add(table, "traces", $"{result.TraceBytesPerDataFrame:F1} B for a data frame, both ends");
        Add(table, "allocated", $"{result.AllocatedBytes} bytes");
        console.Write(table);
    }

    public static void Write(IAnsiConsole console, SizeResult result)
    {
        Table table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("what", "bytes");
        Add(table, "an idle stream", $"{result.IdleStreamBytes:N1} B");
        Add(table, "an idle connection", $"{result.IdleConnectionBytes:N1} B");
        Add(table, "an active stream", $"{result.ActiveStreamBytes:N0} B, 64 frames of 1200 B under way and not read");
        console.Write(table);
    }

    private static void Add(Table table, string what, FormattableString value) => table.AddRow(what, Markup.Escape(value.ToString(CultureInfo.InvariantCulture)));
}
