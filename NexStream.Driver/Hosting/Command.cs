namespace NexStream.Driver.Hosting;

internal enum CommandKind : byte
{
    /// <summary>Start an <see cref="Operation"/>.</summary>
    Start,

    /// <summary>Give up an <see cref="Operation"/>, if it is still the one with that number.</summary>
    Cancel,

    /// <summary>Give back a <see cref="FrameLoan"/>.</summary>
    Return,

    /// <summary>Finish and stop reading a stream (<see cref="StreamRecord"/>).</summary>
    CloseStream,

    /// <summary>Give up a stream (<see cref="StreamRecord"/>) with the reason in the number.</summary>
    ResetStream,

    /// <summary>Throw away what arrives on a stream from now on (<see cref="StreamRecord"/>).</summary>
    DiscardStream,

    /// <summary>End a connection (<see cref="ConnectionRecord"/>) at once, with the reason in the number.</summary>
    Abort,

    /// <summary>Close all connections, then end the thread.</summary>
    Stop,
}

/// <summary>What another thread wants of the driver's.</summary>
internal readonly record struct Command(CommandKind Kind, object? Subject, long Number = 0);
