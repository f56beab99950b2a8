using System.CommandLine;
using System.Globalization;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tool.Output;
using NexStream.Tool.Transfer;

namespace NexStream.Tool.Commands;

/// <summary>nexstream send: files to whoever listens, on this machine or another.</summary>
internal static class SendCommand
{
    private const byte PriorityMax = 15;
    private const byte PriorityDefault = 8;

    private static readonly Argument<string[]> s_files = new("FILE") { Description = "The files.", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<LinkAddress> s_to = CommonOptions.Address("--to", "Where nexstream receive listens.");
    private static readonly Option<string> s_mode = new("--mode") { Description = "How the content travels: ro (a stream of bytes), ru (messages), be or pr (messages that may be lost, and are asked for until they are there).", DefaultValueFactory = _ => "ro" };
    private static readonly Option<byte> s_priority = new("--priority") { Description = "The streams' priority, 0 to 15.", HelpName = "N", DefaultValueFactory = _ => PriorityDefault };
    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        s_mode.AcceptOnlyFromAmong("ro", "ru", "be", "pr");
        s_priority.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<byte>() > PriorityMax)
            {
                result.AddError("--priority is a number from 0 to 15.");
            }
        });
        Command command = new(
            "send",
            """
            Sends files to a process that runs nexstream receive: on this machine over shared memory, on any over UDP. Each file has a
            stream of its own and counts only when the receiver has found its SHA-256 to be right.

            Examples:
              nexstream send weights.bin --to shm:models
              nexstream send *.bin --to shm:models --mode ru --priority 12 --json
              nexstream send weights.bin --to udp:storage.example:4433
              nexstream send weights.bin --to udp:[2001:db8::7]:4433
            """)
        {
            s_files, s_to, s_mode, s_priority, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        LinkAddress to = arguments.GetValue(s_to)!;
        string mode = arguments.GetValue(s_mode)!;
        string[] files = arguments.GetValue(s_files)!;
        string? missing = files.FirstOrDefault(file => !File.Exists(file));
        if (missing is not null)
        {
            return Failure.Report(isJson, ExitCode.Usage, Directory.Exists(missing)
                ? $"{missing} is a directory: name the files in it."
                : $"{missing} does not exist: nothing was sent.");
        }

        StreamConfig stream = new(ModeOf(mode), arguments.GetValue(s_priority));
        try
        {
            using Interrupt interrupt = new();
            using SendSession session = new(to, files, stream);
            SendOutcome outcome = TerminalProgress.Run(isJson, progress => session.Run(progress, interrupt.Token));
            bool isOk = outcome.Files.All(file => file.Ok);
            Print(isJson, to, mode, outcome, isOk);
            return (int)(isOk ? ExitCode.Ok
                : outcome.IsInterrupted ? ExitCode.Interrupted
                : outcome.IsPeerLost ? ExitCode.PeerLost
                : ExitCode.Failed);
        }
        catch (LinkException failure)
        {
            return Failure.Report(isJson, ExitCode.LinkUnavailable, failure.Message);
        }
    }

    private static TransportMode ModeOf(string mode) => mode switch
    {
        "ru" => TransportMode.ReliableUnordered,
        "be" => TransportMode.BestEffort,
        "pr" => TransportMode.Probabilistic,
        _ => TransportMode.ReliableOrdered,
    };

    private static void Print(bool isJson, LinkAddress to, string mode, SendOutcome outcome, bool isOk)
    {
        long bytes = outcome.Files.Where(file => file.Ok).Sum(file => file.Bytes);
        double mbps = outcome.Seconds > 0 ? bytes * 8 / outcome.Seconds / 1e6 : 0;
        if (isJson)
        {
            JsonOutput.Write(new SendReport(isOk, to.Text, mode, outcome.Files, bytes, outcome.Seconds, mbps), OutputContext.Default.SendReport);
            return;
        }

        foreach (FileReport file in outcome.Files.Where(file => !file.Ok))
        {
            Console.Error.WriteLine($"nexstream: {file.Name}: {file.Error}");
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{outcome.Files.Count(file => file.Ok)} of {outcome.Files.Count} files, {Quantity.Bytes(bytes)} in {outcome.Seconds:F2} s ({Quantity.Rate(mbps)})"));
    }
}
