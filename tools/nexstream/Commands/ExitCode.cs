namespace NexStream.Tool.Commands;

/// <summary>What the command tells the shell; docs/cli.md lists them for users.</summary>
internal enum ExitCode
{
    /// <summary>Everything was done, and every guarantee held.</summary>
    Ok = 0,

    /// <summary>A guarantee was broken, or a file was not transferred.</summary>
    Failed = 1,

    /// <summary>The command line cannot be understood, or names a file that cannot be read.</summary>
    Usage = 2,

    /// <summary>The link cannot be set up: nobody listens, the name is taken, or there is no native library.</summary>
    LinkUnavailable = 3,

    /// <summary>The other process ended, or stopped answering, before everything was done.</summary>
    PeerLost = 4,

    /// <summary>A replayed call throws.</summary>
    Threw = 5,

    /// <summary>Interrupted by a signal: 128 + SIGINT, as shells have it.</summary>
    Interrupted = 130,
}
