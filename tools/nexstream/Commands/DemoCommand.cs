using System.CommandLine;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tool.Demo;
using NexStream.Tool.Impairment;
using NexStream.Tool.Output;

namespace NexStream.Tool.Commands;

/// <summary>nexstream demo: all four modes at once, in one process, with proof.</summary>
internal static class DemoCommand
{
    /// <summary>A bad network needs seconds for the scaled work; a large file of the user's own needs more.</summary>
    private const long TimeLimitDefaultS = 60;

    private static readonly Argument<string?> s_file = new("FILE")
    {
        Description = "The file for Reliable-Ordered. Without one: 16 MiB of seeded bytes, 2 MiB over a bad network.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<double> s_loss = CommonOptions.Share("--loss", "The share of packets that are lost.");
    private static readonly Option<long> s_delay = CommonOptions.Duration("--delay", "How long a packet takes, in each direction.");
    private static readonly Option<double> s_reorder = CommonOptions.Share("--reorder", "The share of packets that later ones overtake.");
    private static readonly Option<double> s_duplicate = CommonOptions.Share("--duplicate", "The share of packets that arrive twice.");
    private static readonly Option<ulong> s_seed = new("--seed") { Description = "What losses and contents are made from.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<long> s_seconds = new("--seconds") { Description = "Give up after so many seconds.", HelpName = "S", DefaultValueFactory = _ => TimeLimitDefaultS };
    private static readonly Option<string> s_link = new("--link") { Description = "Which implementation of the link: native, managed, or any (native where it is there).", DefaultValueFactory = _ => "any" };
    private static readonly Option<string> s_mode = new("--mode") { Description = "Only one mode: ro, ru, be or pr; all: all at once.", DefaultValueFactory = _ => "all" };
    private static readonly Option<double?> s_probability = new("--probability") { Description = "The share of samples (pr) that is to be delivered, 0 to 1; without it each is sent once.", HelpName = "P" };
    private static readonly Option<string?> s_record = new("--record") { Description = "Write traces of both endpoints into this directory, as client.nxtrace and server.nxtrace.", HelpName = "DIR" };
    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        s_link.AcceptOnlyFromAmong("native", "managed", "any");
        s_mode.AcceptOnlyFromAmong("all", "ro", "ru", "be", "pr");
        s_probability.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<double?>() is < 0 or > 1 or double.NaN)
            {
                result.AddError("--probability is a number from 0 to 1.");
            }
        });
        s_seconds.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<long>() is < 1 or > 86_400)
            {
                result.AddError("--seconds is a number from 1 to 86400.");
            }
        });
        Command command = new(
            "demo",
            """
            Carries a file (RO), gradients (RU), telemetry (BE) and samples (PR) at once over one connection between two endpoints of
            this process, and checks every guarantee. The exit code is 1 when one is broken.

            With --loss, --delay, --reorder or --duplicate the packets pass an imitated network, and the work is smaller: an eighth of
            the seeded bytes and a quarter of the messages. A FILE is always sent whole.

            Examples:
              nexstream demo
              nexstream demo model.safetensors --json
              nexstream demo --loss 0.05 --delay 10ms --reorder 0.05 --duplicate 0.02 --seed 7
              nexstream demo --mode pr --probability 0.99 --loss 0.1
            """)
        {
            s_file, s_mode, s_probability, s_loss, s_delay, s_reorder, s_duplicate, s_seed, s_seconds, s_link, s_record, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        ImpairmentSettings impairment = new(
            arguments.GetValue(s_loss), arguments.GetValue(s_delay), arguments.GetValue(s_reorder), arguments.GetValue(s_duplicate));
        DemoOptions options = new()
        {
            File = arguments.GetValue(s_file),
            Probability = arguments.GetValue(s_probability),
            Mode = arguments.GetValue(s_mode) switch
            {
                "ro" => TransportMode.ReliableOrdered,
                "ru" => TransportMode.ReliableUnordered,
                "be" => TransportMode.BestEffort,
                "pr" => TransportMode.Probabilistic,
                _ => null,
            },
            Impairment = impairment,
            Record = arguments.GetValue(s_record),
            Seed = arguments.GetValue(s_seed),
            TimeLimitNs = arguments.GetValue(s_seconds) * Instant.Second,
            Link = arguments.GetValue(s_link) switch
            {
                "native" => LinkPreference.Native,
                "managed" => LinkPreference.Managed,
                _ => LinkPreference.Any,
            },
        };
        try
        {
            using Interrupt interrupt = new();
            using DemoRun run = new(impairment.IsNone ? options : options.ScaledDown());
            DemoResult result = TerminalProgress.Run(isJson, progress => run.Run(progress, interrupt.Token));
            if (isJson)
            {
                JsonOutput.Write(result, OutputContext.Default.DemoResult);
            }
            else
            {
                DemoTable.Write(Terminal.Out, result);
            }

            return (int)(result.Ok ? ExitCode.Ok : interrupt.Token.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Failed);
        }
        catch (LinkException failure)
        {
            return Failure.Report(isJson, ExitCode.LinkUnavailable, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failure.Report(isJson, ExitCode.Usage, failure is FileNotFoundException || options.Record is null ? $"{options.File} cannot be read: {failure.Message}" : failure.Message);
        }
    }
}
