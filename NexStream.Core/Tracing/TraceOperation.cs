namespace NexStream.Core.Tracing;

/// <summary>What an item of a trace is: its first byte (docs/traces.md). Numbers are never given a second meaning.</summary>
internal enum TraceOperation : byte
{
    /// <summary>Configuration and arena: the first item, once.</summary>
    Endpoint = 1,

    /// <summary>The host took frames of the arena between two calls.</summary>
    TakeFrames = 2,
    RegisterRegion = 3,
    UnregisterRegion = 4,
    ReleaseFrame = 5,
    Return = 6,
    Connect = 7,
    ChangeNode = 8,
    Receive = 9,
    HandleTimeout = 10,
    Transmit = 11,
    TakeEvent = 12,
    TakeDeadline = 13,
    OpenStream = 14,
    CloseConnection = 15,
    AbortConnection = 16,
    Send = 17,
    Lease = 18,
    SendZeroCopy = 19,
    Read = 20,
    ReadZeroCopy = 21,
    SetDelivery = 22,
    Finish = 23,
    CloseStream = 24,
    ResetStream = 25,
    OpenPath = 26,
    ClosePath = 27,
    SetPathWeight = 28,

    /// <summary>What the call before gave back, as a hash. A call without one gave nothing back, or threw.</summary>
    Outcome = 64,

    /// <summary>The same, and before the hash everything that it is the hash of.</summary>
    FullOutcome = 65,
}
