using System.CommandLine;
using NexStream.Core.Primitives;
using NexStream.Tool.Output;
using NexStream.Tool.Top;
using Spectre.Console;

namespace NexStream.Tool.Commands;

/// <summary>nexstream top: what the drivers of running processes do.</summary>
internal static class TopCommand
{
    private const long IntervalDefault = Instant.Second;

    private static readonly Option<int?> s_process = new("--pid") { Description = "Only this process.", HelpName = "N" };
    private static readonly Option<long> s_interval = CommonOptions.Duration("--interval", "How often to look; 1s.");
    private static readonly Option<bool> s_once = new("--once") { Description = "Look twice, an interval apart, show the second look and end." };
    private static readonly Option<bool> s_json = new("--json") { Description = "One JSON object a line for each look, and nothing else." };

    public static Command Create()
    {
        Command command = new(
            "top",
            """
            Shows connections, streams, rates, round trips, windows and losses of the processes of this machine that show them: those whose
            driver has telemetry attached, as nexstream perf has. Looking costs them nothing: they write a few times a second what whoever looks reads.

            Examples:
              nexstream top
              nexstream top --pid 4711 --once --json
            """)
        {
            s_process, s_interval, s_once, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        using Interrupt interrupt = new();
        long interval = arguments.GetValue(s_interval) is > 0 and long given ? given : IntervalDefault;
        var reader = new TopReader(arguments.GetValue(s_process));
        TopReport report = reader.Read();
        bool isJson = arguments.GetValue(s_json);
        if (arguments.GetValue(s_once))
        {
            _ = Wait(interval, interrupt.Token);
            Show(reader.Read(), isJson);
            return (int)ExitCode.Ok;
        }

        if (isJson)
        {
            while (!Wait(interval, interrupt.Token))
            {
                Show(reader.Read(), isJson: true);
            }

            return (int)ExitCode.Ok;
        }

        AnsiConsole.Live(TopView.Draw(report)).Start(live =>
        {
            while (!Wait(interval, interrupt.Token))
            {
                live.UpdateTarget(TopView.Draw(reader.Read()));
            }
        });
        return (int)ExitCode.Ok;
    }

    private static bool Wait(long ns, CancellationToken stop) => stop.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(ns / (double)Instant.Millisecond));

    private static void Show(TopReport report, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(report, OutputContext.Default.TopReport);
        }
        else
        {
            Terminal.Out.Write(TopView.Draw(report));
        }
    }
}
