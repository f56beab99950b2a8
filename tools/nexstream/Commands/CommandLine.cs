using System.CommandLine;
using System.CommandLine.Invocation;

namespace NexStream.Tool.Commands;

/// <summary>The command and its subcommands.</summary>
internal static class CommandLine
{
    /// <summary>What there is to say to the command.</summary>
    public static RootCommand Create() => new(
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

    /// <summary>Runs the command. Returns its exit code.</summary>
    public static int Run(string[] arguments)
    {
        ParseResult result = Create().Parse(arguments);
        if (result.Action is not ParseErrorAction)
        {
            return result.Invoke();
        }

        result.Invoke();
        return (int)ExitCode.Usage;
    }
}
