namespace NexStream.Driver.Hosting;

/// <summary>What went wrong, for programs. docs/async.md says for each what it leaves usable.</summary>
public enum NexStreamError
{
    /// <summary>The peer refused the connection.</summary>
    ConnectionRefused,

    /// <summary>Nobody answered in time.</summary>
    ConnectTimedOut,

    /// <summary>The connection was closed, here or by the peer.</summary>
    ConnectionClosed,

    /// <summary>The connection was ended at once, here or by the peer, or one side broke the protocol; the reason says which.</summary>
    ConnectionAborted,

    /// <summary>Nothing happened on the connection for its idle time-out.</summary>
    IdleTimedOut,

    /// <summary>The peer is gone: it stopped answering, its process ended, or it forgot the connection.</summary>
    PeerLost,

    /// <summary>The peer gave up sending on the stream; the reason is its own.</summary>
    StreamReset,

    /// <summary>The peer reads no more of the stream, or its data could not be delivered.</summary>
    StreamStopped,

    /// <summary>The stream's sending half was finished here, or the stream was disposed of; or something was asked of a stream that is over.</summary>
    StreamFinished,

    /// <summary>The message is longer than the peer, a packet, or this connection's part of the memory for sending allow; nothing was sent.</summary>
    MessageTooLong,

    /// <summary>A message has to have at least one byte.</summary>
    MessageEmpty,

    /// <summary>The message is longer than the buffer. It was not taken: receive it with a buffer of <see cref="NexStreamException.Required"/> bytes.</summary>
    BufferTooSmall,

    /// <summary>The stream's or the connection's time-out passed; the stream stays usable.</summary>
    TimedOut,

    /// <summary>A limit of the host is reached; the message names the setting.</summary>
    LimitReached,

    /// <summary>The link layer failed.</summary>
    LinkFailed,

    /// <summary>The host was stopped, or its thread failed; the inner exception says why.</summary>
    HostStopped,
}
