using NexStream.Core.Primitives;

namespace NexStream.Core.Events;

/// <summary>Which of a connection's timers is the next.</summary>
public enum TimerKind : byte
{
    /// <summary>None is armed.</summary>
    None,

    /// <summary>The next CONN_INIT, or the end of the wait for CONN_ACCEPT.</summary>
    Handshake,

    /// <summary>A packet reaches the time threshold (RFC 9002 §6.1.2), or a probe is due (§6.2).</summary>
    LossDetection,

    /// <summary>An acknowledgement that was held back is due.</summary>
    Acknowledgement,

    /// <summary>The pacer lets the next packet go.</summary>
    Pacing,

    /// <summary>A message's deadline.</summary>
    Message,

    /// <summary>A group of a PR stream is closed or given up, or a report of one is due.</summary>
    Repair,

    /// <summary>A node that may be the peer's new one is asked again.</summary>
    PathValidation,

    /// <summary>Keep-alive.</summary>
    KeepAlive,

    /// <summary>Idle time-out, or the peer was silent too long.</summary>
    Idle,

    /// <summary>A close is repeated or given up, or the closed connection is forgotten.</summary>
    Close,
}

/// <summary>When a connection wants <c>HandleTimeout</c>. It replaces what was announced for the same connection before.</summary>
/// <param name="Connection">Which connection.</param>
/// <param name="Deadline">When; <see cref="Instant.Never"/>: not at all.</param>
/// <param name="Kind">Which timer it is.</param>
public readonly record struct ConnectionDeadline(ConnectionHandle Connection, Instant Deadline, TimerKind Kind);
