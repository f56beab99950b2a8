using System.CommandLine;
using System.CommandLine.Invocation;

namespace NexStream.Tool.Commands;

/// <summary>The command and its subcommands.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command. Returns its exit code.</summary>
    public static int Run(string[] arguments)
    {
        RootCommand root = new(
            """
            NexStream: streams in four delivery modes over one connection.

            Exit codes: 0 done, 1 a guarantee or a transfer failed, 2 usage, 3 no link, 4 the peer was lost, 5 a replayed call throws, 130 interrupted.
            """)
        {
            DemoCommand.Create(),
            SendCommand.Create(),
            ReceiveCommand.Create(),
            SimCommand.Create(),
            RecordCommand.Create(),
            ReplayCommand.Create(),
            TraceCommand.Create(),
            PerfCommand.Create(),
            SwarmCommand.Create(),
            FuzzCommand.Create(),
            TopCommand.Create(),
        };
        ParseResult result = root.Parse(arguments);
        if (result.Action is not ParseErrorAction)
        {
            return result.Invoke();
        }

        result.Invoke();
        return (int)ExitCode.Usage;
    }
}
