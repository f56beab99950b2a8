namespace NexStream.Core.Primitives;

/// <summary>
/// Why a connection or a stream ended. Carried by CONN_CLOSE, STREAM_CLOSE and STREAM_RESET. Codes below 0x100 are the protocol's
/// (as RFC 9000 §20.1 has them); from <see cref="ApplicationBase"/> on they are the application's own.
/// </summary>
public enum ReasonCode : uint
{
    /// <summary>Ended as intended.</summary>
    None = 0x00,

    /// <summary>An endpoint gave up because of a fault of its own.</summary>
    InternalError = 0x01,

    /// <summary>The acceptor takes no more connections, or none at all.</summary>
    ConnectionRefused = 0x02,

    /// <summary>More was sent than the credit allows (RFC 9000 §4.1).</summary>
    FlowControlViolation = 0x03,

    /// <summary>A stream above the limit was named (RFC 9000 §4.6).</summary>
    StreamLimitViolation = 0x04,

    /// <summary>A frame for a stream that cannot receive it: wrong side, wrong mode, reserved id (RFC 9000 §19.8).</summary>
    StreamStateViolation = 0x05,

    /// <summary>A final size changed or was exceeded (RFC 9000 §4.5).</summary>
    FinalSizeViolation = 0x06,

    /// <summary>A frame that cannot be decoded, or ranges that are reversed or overlap.</summary>
    FrameEncodingError = 0x07,

    /// <summary>An acknowledgement of what was never sent, or of a packet number skipped on purpose (RFC 9000 §13.1, §21.4).</summary>
    AcknowledgementViolation = 0x08,

    /// <summary>The peer does not speak this version; its CONN_CLOSE lists those it speaks.</summary>
    VersionUnknown = 0x09,

    /// <summary>A frame that is not allowed in the connection's state.</summary>
    ProtocolViolation = 0x0A,

    /// <summary>A message longer than the receiver's limit, of length 0 where that is not allowed, or with fragments that disagree.</summary>
    MessageViolation = 0x0B,

    /// <summary>CONN_ACCEPT did not come in time (NS-C-002).</summary>
    HandshakeTimeout = 0x10,

    /// <summary>No stream activity for the idle time-out (NS-C-003).</summary>
    IdleTimeout = 0x11,

    /// <summary>Data was outstanding and nothing came from the peer for the dead-peer time-out.</summary>
    PeerUnresponsive = 0x12,

    /// <summary>The same data was lost as often as the limit on attempts allows (NS-RO-006).</summary>
    AttemptsExhausted = 0x13,

    /// <summary>The stream's deadline passed with data undelivered.</summary>
    DeadlineExceeded = 0x14,

    /// <summary>The connection that carried the stream ended.</summary>
    ConnectionClosed = 0x15,

    /// <summary>The peer does not know this connection (any more).</summary>
    ConnectionUnknown = 0x16,

    /// <summary>The local application ended it at once.</summary>
    Aborted = 0x17,

    /// <summary>The first code that belongs to applications.</summary>
    ApplicationBase = 0x100,
}
