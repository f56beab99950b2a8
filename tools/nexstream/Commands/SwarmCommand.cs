using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using NexStream.Swarm.Running;
using NexStream.Tool.Output;
using NexStream.Tool.Recording;

namespace NexStream.Tool.Commands;

/// <summary>nexstream swarm: random worlds in virtual time, and whether everything that is promised holds in them.</summary>
internal static class SwarmCommand
{
    private static readonly Option<(ulong From, ulong To)> s_seeds = new("--seeds")
    {
        Description = "The first seed and the last, or one; each draws a world of its own.",
        HelpName = "FROM..TO",
        Required = true,
        CustomParser = ParseSeeds,
    };

    private static readonly Option<double?> s_time = new("--time") { Description = "Begin no further world after so many seconds.", HelpName = "S" };
    private static readonly Option<int> s_threads = new("--threads") { Description = "Worlds at a time; 1 unless given.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> s_verbose = new("--verbose") { Description = "Print each world, every packet, event and timer in it, and look through every endpoint after every turn." };
    private static readonly Option<string?> s_traces = new("--traces")
    {
        Description = "Run each seed that fails once more and record its endpoints there, for nexstream replay; a single seed is recorded whatever comes of it.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        Command command = new(
            "swarm",
            """
            Draws a whole world from each seed (endpoints, network, applications, faults) and runs it in virtual time, checking all the time what
            docs/reliability.md promises. The exit code is 1 when something did not hold; the output names the command that shows it again.

            Examples:
              nexstream swarm --seeds 1..1000
              nexstream swarm --seeds 1..1000000 --time 60 --threads 2
              nexstream swarm --seeds 42..42 --verbose
              nexstream swarm --seeds 42..42 --traces traces && nexstream replay traces/*.nxtrace
            """)
        {
            s_seeds, s_time, s_threads, s_verbose, s_traces, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        (ulong from, ulong to) = arguments.GetValue(s_seeds);
        double seconds = arguments.GetValue(s_time) ?? double.PositiveInfinity;
        bool isJson = arguments.GetValue(s_json);
        int threads = arguments.GetValue(s_threads);
        if (threads is < 1 or > 1024 || !(seconds > 0))
        {
            return Failure.Report(isJson, ExitCode.Usage, "--threads is 1 to 1024, and --time is more than 0");
        }

        string? traces = arguments.GetValue(s_traces);
        if (arguments.GetValue(s_verbose))
        {
            int shown = Show(from, to);
            return Record(traces, from == to ? [from] : [], isJson) is { } failure ? failure : shown;
        }

        TimeSpan limit = seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
        SwarmResult result = Worlds.Run(from, to, limit, threads, isJson ? null : ReportFailure);
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.SwarmResult);
        }
        else
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Worlds:N0} {(result.Worlds == 1 ? "world" : "worlds")} (seeds {result.From} to {result.To}), {result.Packets:N0} packets, "
                + $"{result.VirtualSeconds:N0} s of virtual time in {result.Seconds:F1} s: "
                + $"{result.WorldsPerSecond:F0} worlds/s; invariants in the core {(result.ChecksInvariants ? "checked" : "not compiled in")}; hash {result.Hash}"));
            Console.WriteLine(result.Ok ? "Every invariant held." : $"BROKEN in {result.Failures.Count} of them.");
        }

        ulong[] recorded = from == to ? [from] : [.. result.Failures.Select(failure => failure.Seed)];
        return Record(traces, recorded, isJson) ?? (int)(result.Ok ? ExitCode.Ok : ExitCode.Failed);
    }

    /// <summary>Runs worlds once more, and records every endpoint of them. Null: it was done, or there was nothing to do; else the exit code.</summary>
    private static int? Record(string? directory, ulong[] seeds, bool isJson)
    {
        if (directory is null || seeds.Length == 0)
        {
            return null;
        }

        try
        {
            foreach (ulong seed in seeds)
            {
                using var traces = new SimulationTraces(directory);
                Worlds.RunOne(seed, new WorldKit(), record: traces.Record);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson, ExitCode.Failed, $"cannot record in {directory}: {failure.Message}");
        }

        if (!isJson)
        {
            string which = string.Join(", ", seeds);
            Console.WriteLine($"Every endpoint of seed {which} is recorded in {directory}: nexstream trace show prints a trace, nexstream replay runs it again.");
        }

        return null;
    }

    private static void ReportFailure(SeedResult result)
    {
        if (result.Failure is not null)
        {
            Console.WriteLine($"seed {result.Seed}: {result.Failure}");
            Console.WriteLine($"  again: {Worlds.CommandOf(result.Seed)}");
        }
    }

    private static int Show(ulong from, ulong to)
    {
        var kit = new WorldKit();
        bool isOk = true;
        for (ulong seed = from; seed <= to && seed >= from; seed++)
        {
            SeedResult result = Worlds.RunOne(seed, kit, Console.Out.WriteLine);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed}: {result.Packets} packets, {result.Turns} turns, {result.VirtualNs / 1e9:F6} s, hash {result.Hash:x16}: {result.Failure ?? "every invariant held"}"));
            isOk &= result.Failure is null;
        }

        return (int)(isOk ? ExitCode.Ok : ExitCode.Failed);
    }

    private static (ulong From, ulong To) ParseSeeds(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? string.Empty : result.Tokens[0].Value;
        string[] ends = text.Split("..");
        if (ends.Length <= 2
            && ulong.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong from)
            && ulong.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong to) && from <= to)
        {
            return (from, to);
        }

        result.AddError($"\"{text}\" is neither a seed, as 635, nor two, the first not above the last, as 1..1000.");
        return default;
    }
}
