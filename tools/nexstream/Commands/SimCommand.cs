using System.CommandLine;
using System.Diagnostics;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Observation;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Tool.Output;
using NexStream.Tool.Plotting;
using NexStream.Tool.Recording;

namespace NexStream.Tool.Commands;

/// <summary>nexstream sim: a scenario in virtual time.</summary>
internal static class SimCommand
{
    private static readonly Argument<string> s_file = new("FILE") { Description = "The scenario, as JSON (docs/scenarios.md)." };
    private static readonly Option<ulong?> s_seed = new("--seed") { Description = "Use this seed instead of the scenario's.", HelpName = "N" };
    private static readonly Option<string?> s_plot = new("--plot") { Description = "Draw windows, round trips, rates, the queue and losses over time into a .svg or .html file.", HelpName = "OUT" };
    private static readonly Option<string?> s_qlog = new("--qlog") { Description = "Write a qlog trace of each flow into this directory, as flow-N.sqlog.", HelpName = "DIR" };
    private static readonly Option<string?> s_record = new("--record") { Description = "Write traces of all endpoints into this directory, as flow-N-client.nxtrace and flow-N-server.nxtrace.", HelpName = "DIR" };
    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        Command command = new(
            "sim",
            """
            Runs a scenario: connections over a simulated network, in virtual time, far faster than real time and the same each time. Every
            byte that arrives is compared with what was sent. The exit code is 1 when a mode's guarantee was broken.

            Examples:
              nexstream sim tools/simulator/scenarios/bulk-100mbps.json
              nexstream sim lossy.json --json --seed 7
              nexstream sim lossy.json --plot lossy.html --qlog traces
            """)
        {
            s_file, s_seed, s_plot, s_qlog, s_record, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        string file = arguments.GetValue(s_file)!;
        string? plot = arguments.GetValue(s_plot);
        if (plot is not null && PlotFile.Check(plot) is { } wrong)
        {
            return Failure.Report(isJson, ExitCode.Usage, wrong);
        }

        using SimulationTraces? traces = OpenTraces(arguments.GetValue(s_record), out string? unwritable);
        if (unwritable is not null)
        {
            return Failure.Report(isJson, ExitCode.Usage, unwritable);
        }

        Simulation simulation;
        try
        {
            Scenario scenario = ScenarioReader.Read(File.ReadAllText(file));
            simulation = new Simulation(arguments.GetValue(s_seed) is { } seed ? scenario with { Seed = seed } : scenario, traces is null ? null : traces.Record);
        }
        catch (ScenarioException failure)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"{file}: {failure.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"{file} cannot be read: {failure.Message}");
        }

        string name = Path.GetFileNameWithoutExtension(file);
        Sampler? sampler = plot is null ? null : Sampler.Attach(simulation);
        SimulationResult result;
        long began;
        TimeSpan took;
        try
        {
            using Qlog? qlog = OpenQlog(simulation, name, arguments.GetValue(s_qlog));
            began = Stopwatch.GetTimestamp();
            result = simulation.Run();
            took = Stopwatch.GetElapsedTime(began);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"--qlog {arguments.GetValue(s_qlog)}: the traces cannot be written: {failure.Message}");
        }

        try
        {
            if (sampler is not null)
            {
                sampler.Finish();
                PlotFile.Write(plot!, new PlotSource(name, simulation, sampler, result));
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"--plot {plot}: the picture cannot be written: {failure.Message}");
        }

        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.SimulationResult);
        }
        else
        {
            SimulationTable.Write(Terminal.Out, simulation, result, took);
        }

        return (int)(result.Ok ? ExitCode.Ok : ExitCode.Failed);
    }

    private static SimulationTraces? OpenTraces(string? directory, out string? failure)
    {
        failure = null;
        try
        {
            return directory is null ? null : new SimulationTraces(directory);
        }
        catch (Exception thrown) when (thrown is IOException or UnauthorizedAccessException)
        {
            failure = $"--record {directory}: the traces cannot be written: {thrown.Message}";
            return null;
        }
    }

    private static Qlog? OpenQlog(Simulation simulation, string name, string? directory)
    {
        if (directory is null)
        {
            return null;
        }

        Directory.CreateDirectory(directory);
        return Qlog.Attach(simulation, name, directory);
    }
}
