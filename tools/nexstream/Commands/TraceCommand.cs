using System.CommandLine;
using NexStream.Replay.Editing;
using NexStream.Replay.Qlog;
using NexStream.Replay.Reading;
using NexStream.Tool.Output;

namespace NexStream.Tool.Commands;

/// <summary>nexstream trace: looks into traces, makes shorter ones, and turns them into qlog.</summary>
internal static class TraceCommand
{
    private const long CountDefault = 100;
    private const int RunsDefault = 10_000;

    private static readonly Argument<string> s_trace = new("TRACE") { Description = "A recorded trace (docs/traces.md)." };
    private static readonly Option<long> s_from = new("--from") { Description = "The first call.", HelpName = "N" };
    private static readonly Option<long> s_count = new("--count") { Description = "How many calls.", HelpName = "N", DefaultValueFactory = _ => CountDefault };
    private static readonly Option<long> s_to = new("--to") { Description = "The first call that is left out.", HelpName = "N", DefaultValueFactory = _ => long.MaxValue };
    private static readonly Option<int> s_runs = new("--runs") { Description = "How often to run the endpoint, at most.", HelpName = "N", DefaultValueFactory = _ => RunsDefault };
    private static readonly Option<string> s_output = new("--output", "-o") { Description = "Where the new trace, or the qlog, goes.", HelpName = "OUT", Required = true };

    public static Command Create()
    {
        Command show = new("show", "Lists the calls of a trace, packets decoded.") { s_trace, s_from, s_count };
        show.SetAction(arguments => Guard(arguments, Show));
        Command cut = new(
            "cut",
            "Copies the calls before --to, with what they gave back when they were recorded. With --from those before it are left out, and what the others give back without them is recorded anew.")
        {
            s_trace, s_from, s_to, s_output,
        };
        cut.SetAction(arguments => Guard(arguments, Cut));
        Command minimize = new(
            "minimize",
            "Finds the shortest trace that still throws the same exception from the same method. Of a trace that only differs what comes behind the difference is left out. Exit code 1: the trace does not fail.")
        {
            s_trace, s_runs, s_output,
        };
        minimize.SetAction(arguments => Guard(arguments, Minimize));
        Command qlog = new("qlog", "Writes what a trace tells as qlog (docs/qlog.md), for viewers: packets, losses, metrics, and the lives of connections and streams.") { s_trace, s_output };
        qlog.SetAction(arguments => Guard(arguments, Qlog));
        return new Command("trace", "Looks into traces, makes shorter ones, and turns them into qlog.") { show, cut, minimize, qlog };
    }

    private static int Guard(ParseResult arguments, Func<ParseResult, FileStream, ExitCode> act)
    {
        string path = arguments.GetValue(s_trace)!;
        ThrowingAsserts.Install();
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return (int)act(arguments, file);
        }
        catch (TraceException failure)
        {
            return Failure.Report(isJson: false, ExitCode.Usage, $"{path}: {failure.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson: false, ExitCode.Usage, failure.Message);
        }
    }

    private static ExitCode Show(ParseResult arguments, FileStream file)
    {
        long from = arguments.GetValue(s_from);
        string? damage = TraceListing.Write(file, Console.Out, from, arguments.GetValue(s_count));
        if (damage is not null)
        {
            Console.WriteLine($"The trace ends early: {damage}.");
        }

        return ExitCode.Ok;
    }

    private static ExitCode Cut(ParseResult arguments, FileStream file)
    {
        using var output = new FileStream(arguments.GetValue(s_output)!, FileMode.Create);
        long from = arguments.GetValue(s_from);
        long to = arguments.GetValue(s_to);
        long kept = from > 0 ? TraceEditor.Cut(file, from, to, output) : TraceEditor.CopyFirst(file, to, output);
        Console.WriteLine($"{kept} calls, {Quantity.Bytes(output.Length)}");
        return ExitCode.Ok;
    }

    private static ExitCode Minimize(ParseResult arguments, FileStream file)
    {
        using var shorter = new MemoryStream();
        MinimizeResult? result = TraceMinimizer.Run(file, shorter, runsMax: arguments.GetValue(s_runs));
        if (result is null)
        {
            Console.WriteLine("The trace neither throws nor differs: there is nothing to minimise.");
            return ExitCode.Failed;
        }

        File.WriteAllBytes(arguments.GetValue(s_output)!, shorter.ToArray());
        Console.WriteLine($"{result.Before} calls before, {result.After} after, {result.Runs} runs; {(result.Failure is { } failure ? $"{failure.Type} {failure.Frame}" : "it differs, and does not throw")}");
        return ExitCode.Ok;
    }

    private static ExitCode Qlog(ParseResult arguments, FileStream file)
    {
        using var output = new FileStream(arguments.GetValue(s_output)!, FileMode.Create);
        QlogResult result = QlogConverter.Run(file, output, Path.GetFileName(file.Name));
        Console.WriteLine($"{result.Calls} calls, {result.Events} events");
        if (result.Problem is not null)
        {
            Console.Error.WriteLine($"nexstream: the qlog ends before its trace: {result.Problem}.");
        }

        return result.Problem is null ? ExitCode.Ok : ExitCode.Failed;
    }
}
