using System.CommandLine;
using NexStream.Replay.Editing;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Tool.Output;

namespace NexStream.Tool.Commands;

/// <summary>nexstream replay: feeds traces to fresh endpoints.</summary>
internal static class ReplayCommand
{
    private const int BufferSize = 1 << 20;

    private static readonly Argument<string[]> s_traces = new("TRACE") { Description = "Recorded traces (docs/traces.md).", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        Command command = new(
            "replay",
            """
            Feeds every call of a trace to a fresh endpoint, and compares every packet, event, deadline and result with what was recorded.
            The first difference is shown decoded, with the calls around it.

            Exit codes: 0 all identical; 1 something differs; 2 a file is no trace; 5 a call throws.

            Examples:
              nexstream replay traces/client.nxtrace traces/server.nxtrace
            """)
        {
            s_traces, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        ThrowingAsserts.Install();
        ExitCode worst = ExitCode.Ok;
        foreach (string path in arguments.GetValue(s_traces)!)
        {
            try
            {
                using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferSize);
                ReplayResult result = Replayer.Run(file);
                Show(path, result, isJson);
                ExitCode code = result.Verdict switch
                {
                    ReplayVerdict.Identical => ExitCode.Ok,
                    ReplayVerdict.Differs => ExitCode.Failed,
                    _ => ExitCode.Threw,
                };
                worst = (ExitCode)Math.Max((int)worst, (int)code);
            }
            catch (TraceException failure)
            {
                return Failure.Report(isJson, ExitCode.Usage, $"{path}: {failure.Message}");
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                return Failure.Report(isJson, ExitCode.Usage, $"{path} cannot be read: {failure.Message}");
            }
        }

        return (int)worst;
    }

    private static void Show(string path, ReplayResult result, bool isJson)
    {
        string verdict = result.Verdict switch
        {
            ReplayVerdict.Identical => "identical",
            ReplayVerdict.Differs => "differs",
            _ => "throws",
        };
        if (isJson)
        {
            JsonOutput.Write(new ReplayReport(path, verdict, result.Calls, result.At, result.Damage, result.Report), OutputContext.Default.ReplayReport);
            return;
        }

        Console.WriteLine($"{path}: {(result.At is { } at ? $"call {at} {verdict}" : $"{result.Calls} calls, {verdict}")}");
        foreach (string line in result.Report)
        {
            Console.WriteLine(line);
        }

        if (result.Remark is not null)
        {
            Console.WriteLine(result.Remark);
        }

        if (result.Damage is not null)
        {
            Console.WriteLine($"The trace ends early: {result.Damage}.");
        }
    }
}
