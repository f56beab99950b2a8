using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using NexStream.Replay.Editing;
using NexStream.Tool.Output;
using NexStream.Tools.Fuzz;
using NexStream.Tools.Fuzz.Coverage;
using NexStream.Tools.Fuzz.Running;

namespace NexStream.Tool.Commands;

/// <summary>nexstream fuzz: bytes that nobody meant, thrown at one part of the protocol after another.</summary>
internal static class FuzzCommand
{
    private static readonly Argument<string> s_target = new("TARGET") { Description = "What they are thrown at; \"nexstream fuzz list\" names the targets." };
    private static readonly Option<long?> s_iterations = new("--iterations") { Description = "Inputs to run.", HelpName = "N" };
    private static readonly Option<double?> s_time = new("--time") { Description = "Begin no further input after so many seconds.", HelpName = "S" };
    private static readonly Option<ulong> s_seed = new("--seed") { Description = "Where random choices begin; 1 unless given.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> s_corpus = new("--corpus") { Description = "Inputs to begin with; with --coverage, new ones are kept there.", HelpName = "DIR" };
    private static readonly Option<string> s_failures = new("--failures") { Description = "Where inputs that fail go, and traces of them.", HelpName = "DIR", DefaultValueFactory = _ => "." };
    private static readonly Option<bool> s_coverage = new("--coverage") { Description = "Count the branches of the core that are taken, and keep inputs that take new ones." };
    private static readonly Option<string[]> s_inputs = new("--input") { Description = "Run these inputs, one after another, and no others.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        Command command = new(
            "fuzz",
            """
            Makes inputs, runs each from its beginning to its end, and checks what has to hold: nothing throws, nothing is held at the end, nothing
            takes for ever, memory does not grow. The exit code is 1 when something did not hold; the output names files that show it again.

            Examples:
              nexstream fuzz list
              nexstream fuzz pair --iterations 100000
              nexstream fuzz connection --time 600 --coverage --corpus corpus/connection
              nexstream fuzz pair --input pair-1-4711.input
            """)
        {
            FuzzEngineCommands.List(), FuzzEngineCommands.Seeds(), FuzzEngineCommands.Instrument(), FuzzEngineCommands.Afl(),
            s_target, s_iterations, s_time, s_seed, s_corpus, s_failures, s_coverage, s_inputs, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        string name = arguments.GetValue(s_target)!;
        if (FuzzTargets.Find(name) is not { } target)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"there is no target \"{name}\"; \"nexstream fuzz list\" names those that there are");
        }

        if (arguments.GetValue(s_iterations) is <= 0 || arguments.GetValue(s_time) is { } seconds && !(seconds > 0))
        {
            return Failure.Report(isJson, ExitCode.Usage, "--iterations and --time are more than 0");
        }

        ThrowingAsserts.Install();
        string[] inputs = arguments.GetValue(s_inputs) ?? [];
        if (inputs.Length > 0)
        {
            return RunInputs(target, inputs, arguments.GetValue(s_failures)!, isJson);
        }

        if (!arguments.GetValue(s_coverage))
        {
            return Report(new Runner(target, OptionsOf(arguments, target)).Run(file => Hang(target, file, isJson)), isJson);
        }

        // Not merely a message: what instruments assemblies cannot be compiled ahead of time, and is left out where this is a constant.
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            return Failure.Report(isJson, ExitCode.Usage, "--coverage changes the core's code, which this build has compiled ahead of time: use \"dotnet run\"");
        }

        return RunGuided(target, OptionsOf(arguments, target), isJson);
    }

    private static FuzzOptions OptionsOf(ParseResult arguments, IFuzzTarget target)
    {
        double? seconds = arguments.GetValue(s_time);
        return new FuzzOptions
        {
            Iterations = arguments.GetValue(s_iterations) ?? (seconds is null ? target.DefaultIterations : long.MaxValue),
            Time = seconds is { } limit && limit < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(limit) : TimeSpan.MaxValue,
            Seed = arguments.GetValue(s_seed),
            Corpus = arguments.GetValue(s_corpus),
            Failures = arguments.GetValue(s_failures)!,
        };
    }

    private static int RunGuided(IFuzzTarget target, FuzzOptions options, bool isJson)
    {
        if (!Instrumentation.IsHere)
        {
            return Instrumentation.RunCopy(Environment.GetCommandLineArgs()[1..]);
        }

        using var map = new EdgeMap();
        return Report(new Runner(target, options, map).Run(file => Hang(target, file, isJson)), isJson);
    }

    private static int RunInputs(IFuzzTarget target, string[] paths, string failures, bool isJson)
    {
        byte[][] inputs;
        try
        {
            inputs = Array.ConvertAll(paths, File.ReadAllBytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"an input cannot be read: {failure.Message}");
        }

        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        Exception? result = Attempt.RunAll(target, inputs);
        IReadOnlyList<string> files = result is null ? [] : FailureFiles.WriteTraces(target, inputs, failures, $"{target.Name}-input");
        double seconds = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
        return Report(new FuzzResult(result is null, target.Name, 0, inputs.Length, seconds, inputs.Length / seconds, 0, null, 0, result?.ToString(), files), isJson);
    }

    private static int Report(FuzzResult result, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.FuzzResult);
            return (int)(result.Ok ? ExitCode.Ok : ExitCode.Failed);
        }

        string coverage = result.Edges is { } edges ? string.Create(CultureInfo.InvariantCulture, $"{edges:N0} edges of the core") : "not measured (--coverage)";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Target}: {result.Iterations:N0} iterations, seed {result.Seed}, {result.Seconds:F1} s, {result.IterationsPerSecond:N0} iterations/s; "
            + $"{result.InputsKept:N0} inputs kept; coverage {coverage}; heap grew by {result.HeapGrowthBytes / 1024:N0} KiB"));
        if (result.Failure is null)
        {
            Console.WriteLine("No failure.");
            return (int)ExitCode.Ok;
        }

        Console.WriteLine($"FAILED: {result.Failure}");
        string[] inputs = [.. result.Files.Where(file => file.EndsWith(".input", StringComparison.Ordinal))];
        if (inputs.Length > 0)
        {
            Console.WriteLine($"again: nexstream fuzz {result.Target} --input {string.Join(' ', inputs)}");
        }

        foreach (string trace in result.Files.Except(inputs))
        {
            Console.WriteLine($"trace: {trace}; nexstream replay shows it, nexstream trace minimize shortens it");
        }

        return (int)ExitCode.Failed;
    }

    /// <summary>The thread that runs the input never comes back: the process ends here.</summary>
    private static void Hang(IFuzzTarget target, string file, bool isJson)
    {
        Failure.Report(isJson, ExitCode.Failed, $"{target.Name}: an input does not come to its end; again: nexstream fuzz {target.Name} --input {file}");
        Environment.Exit((int)ExitCode.Failed);
    }
}
