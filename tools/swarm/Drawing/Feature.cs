namespace NexStream.Swarm.Drawing;

/// <summary>
/// What can be on in a world. Each seed switches a random part of these on (swarm testing: Groce et al., ISSTA 2012), because a world in which everything
/// happens at once never gets deep into what only happens when something else does not.
/// </summary>
[Flags]
internal enum Feature : ulong
{
    None = 0,

    // The network.
    Loss = 1UL << 0,
    Bursts = 1UL << 1,
    Reordering = 1UL << 2,
    Duplication = 1UL << 3,
    Outages = 1UL << 4,
    Bottleneck = 1UL << 5,
    EcnMarks = 1UL << 6,
    EcnBleaching = 1UL << 7,
    SmallMtu = 1UL << 8,

    /// <summary>NexLink header fields that nothing protects: ECN, priority, stream id, checksum, node ids.</summary>
    HeaderCorruption = 1UL << 9,

    /// <summary>Bytes of packets, unnoticed: the connection that they name may break, and nothing else.</summary>
    Corruption = 1UL << 10,

    /// <summary>A link between two nodes dies for good, and comes back when the world heals.</summary>
    PathDeath = 1UL << 11,

    // Hosts.
    ClockStalls = 1UL << 12,
    ClockJumps = 1UL << 13,
    RarePolling = 1UL << 14,
    SloppyTimers = 1UL << 15,
    SlowLinks = 1UL << 16,
    SharedMemory = 1UL << 17,
    FramesInArena = 1UL << 18,
    Crashes = 1UL << 19,

    /// <summary>Who crashes comes back with the same key: documented to be unsafe, so that only the endpoint's own safety is asked for.</summary>
    SameKey = 1UL << 20,
    Moves = 1UL << 21,
    Hostile = 1UL << 22,

    // Limits.
    TinyArena = 1UL << 23,
    TinySlabs = 1UL << 24,
    TinyWindows = 1UL << 25,
    FewStreams = 1UL << 26,
    ShortTimeouts = 1UL << 27,
    NearWrap = 1UL << 28,
    Cookies = 1UL << 29,
    KeepAlive = 1UL << 30,

    // Applications.
    SlowReaders = 1UL << 31,
    StalledReaders = 1UL << 32,
    Deadlines = 1UL << 33,
    Attempts = 1UL << 34,
    Reports = 1UL << 35,
    ZeroCopySend = 1UL << 36,
    ZeroCopyReceive = 1UL << 37,
    Resets = 1UL << 38,
    StreamChurn = 1UL << 39,
    ConnectionChurn = 1UL << 40,
    Crossing = 1UL << 41,
    BigMessages = 1UL << 42,
    TinyMessages = 1UL << 43,
    StaleHandles = 1UL << 44,
    ManyEndpoints = 1UL << 45,
    StrictPriorities = 1UL << 46,
    MixedControllers = 1UL << 47,
    Delivery = 1UL << 48,

    /// <summary>Connections have further paths, which are opened, closed, die and come back; data goes over whichever a scheduler chooses, or over all of them.</summary>
    Paths = 1UL << 49,
}
