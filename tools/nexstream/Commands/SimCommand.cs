using System.CommandLine;
using System.Diagnostics;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Tool.Output;

namespace NexStream.Tool.Commands;

/// <summary>nexstream sim: a scenario in virtual time.</summary>
internal static class SimCommand
{
    private static readonly Argument<string> s_file = new("FILE") { Description = "The scenario, as JSON (docs/scenarios.md)." };
    private static readonly Option<ulong?> s_seed = new("--seed") { Description = "Use this seed instead of the scenario's.", HelpName = "N" };
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
            """)
        {
            s_file, s_seed, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        string file = arguments.GetValue(s_file)!;
        Simulation simulation;
        try
        {
            Scenario scenario = ScenarioReader.Read(File.ReadAllText(file));
            simulation = new Simulation(arguments.GetValue(s_seed) is { } seed ? scenario with { Seed = seed } : scenario);
        }
        catch (ScenarioException failure)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"{file}: {failure.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"{file} cannot be read: {failure.Message}");
        }

        long began = Stopwatch.GetTimestamp();
        SimulationResult result = simulation.Run();
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.SimulationResult);
        }
        else
        {
            SimulationTable.Write(Terminal.Out, simulation, result, Stopwatch.GetElapsedTime(began));
        }

        return (int)(result.Ok ? ExitCode.Ok : ExitCode.Failed);
    }
}
