using System.CommandLine;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Driver.Links;
using NexStream.Tool.Impairment;
using NexStream.Tool.Output;
using NexStream.Tool.Recording;

namespace NexStream.Tool.Commands;

/// <summary>nexstream record: a steady run over an imitated network, of which both endpoints are recorded.</summary>
internal static class RecordCommand
{
    private const double BytesPerMbit = 1e6 / 8;
    private const double RateDefaultMbps = 20;
    private const double RateMaxMbps = 10_000;

    private static readonly Argument<string> s_directory = new("DIR") { Description = "Where client.nxtrace and server.nxtrace go." };
    private static readonly Option<long> s_duration = CommonOptions.Duration("--duration", "How long to send; 10s.");
    private static readonly Option<double> s_rate = new("--rate") { Description = "Application data, in 10^6 bits a second, all modes together.", HelpName = "MBPS", DefaultValueFactory = _ => RateDefaultMbps };
    private static readonly Option<double> s_loss = CommonOptions.Share("--loss", "The share of packets that are lost.");
    private static readonly Option<long> s_delay = CommonOptions.Duration("--delay", "How long a packet takes, in each direction.");
    private static readonly Option<double> s_reorder = CommonOptions.Share("--reorder", "The share of packets that later ones overtake.");
    private static readonly Option<double> s_duplicate = CommonOptions.Share("--duplicate", "The share of packets that arrive twice.");
    private static readonly Option<ulong> s_seed = new("--seed") { Description = "What losses and contents are made from.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> s_congestion = new("--congestion") { Description = "The congestion controller: bbr, cubic or none.", DefaultValueFactory = _ => "bbr" };
    private static readonly Option<bool> s_full = new("--full") { Description = "Record everything that the endpoints give back, not only hashes of it." };
    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        s_congestion.AcceptOnlyFromAmong("bbr", "cubic", "none");
        s_rate.Validators.Add(result =>
        {
            if (result.Errors.Any() || !(result.GetValueOrDefault<double>() is > 0 and <= RateMaxMbps))
            {
                result.AddError($"--rate is a number above 0 and up to {RateMaxMbps}.");
            }
        });
        Command command = new(
            "record",
            """
            Sends in all four modes at a steady rate, in real time, over an imitated network between two endpoints with their drivers, and
            records both. Contents are made up, so that the traces hold where they are from instead of them.

            Examples:
              nexstream record traces --duration 10s --loss 0.01 --delay 20ms
              nexstream record traces --duration 600s --rate 20 --loss 0.01 --delay 20ms --reorder 0.01 --duplicate 0.01
              nexstream replay traces/client.nxtrace traces/server.nxtrace
            """)
        {
            s_directory, s_duration, s_rate, s_loss, s_delay, s_reorder, s_duplicate, s_seed, s_congestion, s_full, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        long duration = arguments.GetValue(s_duration);
        RecordOptions options = new()
        {
            Directory = arguments.GetValue(s_directory)!,
            DurationNs = duration > 0 ? duration : 10 * Instant.Second,
            BytesPerS = arguments.GetValue(s_rate) * BytesPerMbit,
            Impairment = new ImpairmentSettings(
                arguments.GetValue(s_loss), arguments.GetValue(s_delay), arguments.GetValue(s_reorder), arguments.GetValue(s_duplicate)),
            Seed = arguments.GetValue(s_seed),
            Congestion = CongestionControllers.TryGet(arguments.GetValue(s_congestion)!, out ICongestionControllerFactory? congestion) ? congestion : CongestionControllers.Bbr,
            Detail = arguments.GetValue(s_full) ? TraceDetail.Full : TraceDetail.Hashes,
        };
        try
        {
            using Interrupt interrupt = new();
            using RecordRun run = new(options);
            RecordResult result = run.Run(interrupt.Token);
            if (isJson)
            {
                JsonOutput.Write(result, OutputContext.Default.RecordResult);
            }
            else
            {
                Write(result);
            }

            return (int)(result.Ok ? ExitCode.Ok : interrupt.Token.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Failed);
        }
        catch (LinkException failure)
        {
            return Failure.Report(isJson, ExitCode.LinkUnavailable, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"{options.Directory}: the traces cannot be written: {failure.Message}");
        }
    }

    private static void Write(RecordResult result)
    {
        Console.WriteLine(
            $"{result.Seconds:F1} s over {result.Link}: {Quantity.Bytes(result.SentBytes)} sent, {Quantity.Bytes(result.DeliveredBytes)} delivered, {result.PacketsLost} packets lost");
        foreach (RecordedTrace trace in result.Traces)
        {
            Console.WriteLine($"{trace.Path}: {trace.Calls} calls, {Quantity.Bytes(trace.Bytes)}");
        }

        foreach (string failure in result.Failures)
        {
            Console.WriteLine(failure);
        }
    }
}
