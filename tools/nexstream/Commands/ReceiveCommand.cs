using System.CommandLine;
using System.Globalization;
using NexStream.Driver.Links;
using NexStream.Tool.Output;
using NexStream.Tool.Transfer;
using Spectre.Console;

namespace NexStream.Tool.Commands;

/// <summary>nexstream receive: takes files from senders, on this machine or others.</summary>
internal static class ReceiveCommand
{
    private static readonly Option<LinkAddress> s_listen = CommonOptions.Address("--listen", "Where to listen; udp::PORT is all addresses.");
    private static readonly Option<string> s_out = new("--out") { Description = "The directory for the files; it is made when it is not there.", HelpName = "DIR", Required = true };
    private static readonly Option<bool> s_force = new("--force") { Description = "Overwrite files that exist." };
    private static readonly Option<bool> s_once = new("--once") { Description = "End when the first sender is done." };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print one JSON object a line for each file, and nothing else." };

    public static Command Create()
    {
        Command command = new(
            "receive",
            """
            Takes files from processes that run nexstream send, until Ctrl-C: of this machine over shared memory, of any over UDP. A file
            appears under its name only when all of it is there and its SHA-256 is right; a name from a sender never leads out of the directory.

            Examples:
              nexstream receive --listen shm:models --out /data/models
              nexstream receive --listen shm:models --out . --once --force --json
              nexstream receive --listen udp::4433 --out /data/models
            """)
        {
            s_listen, s_out, s_force, s_once, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        string directory = arguments.GetValue(s_out)!;
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Failure.Report(isJson, ExitCode.Usage, $"The directory {directory} cannot be used: {failure.Message}");
        }

        bool once = arguments.GetValue(s_once);
        int failed = 0;
        try
        {
            using Interrupt interrupt = new();
            using IReceiveServer server = Open(arguments.GetValue(s_listen)!, () => new IncomingFiles(directory, arguments.GetValue(s_force), file =>
            {
                failed += file.Ok ? 0 : 1;
                Print(isJson, file);
            }));
            if (!isJson && !Console.IsErrorRedirected)
            {
                Console.Error.WriteLine($"Listening on {server.Address}, for {Path.GetFullPath(directory)}; Ctrl-C ends.");
            }

            TerminalProgress.Run(isJson, progress =>
            {
                server.Run(once, progress, interrupt.Token);
                return true;
            });
            return (int)(failed != 0 && interrupt.Token.IsCancellationRequested && once ? ExitCode.Interrupted
                : once && server.IsPeerLost ? ExitCode.PeerLost
                : once && failed != 0 ? ExitCode.Failed
                : once && interrupt.Token.IsCancellationRequested ? ExitCode.Interrupted
                : ExitCode.Ok);
        }
        catch (LinkException failure)
        {
            return Failure.Report(isJson, ExitCode.LinkUnavailable, failure.Message);
        }
    }

    private static IReceiveServer Open(LinkAddress address, Func<IncomingFiles> makeFiles) =>
        address.Name is { } name ? new ShmReceiveServer(name, makeFiles) : new UdpReceiveServer(address, makeFiles);

    private static void Print(bool isJson, FileReport file)
    {
        if (isJson)
        {
            JsonOutput.Write(file, OutputContext.Default.FileReport);
        }
        else if (file.Ok)
        {
            // On a terminal the line goes through the console that draws the bars, which then makes room for it.
            bool isTerminal = !Console.IsOutputRedirected && !Console.IsErrorRedirected;
            (isTerminal ? Terminal.Error : Terminal.Out).WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file.Name}: {Quantity.Bytes(file.Bytes)} in {file.Seconds:F2} s, SHA-256 right"));
        }
        else
        {
            Console.Error.WriteLine($"nexstream: {file.Name}: {file.Error}");
        }
    }
}
