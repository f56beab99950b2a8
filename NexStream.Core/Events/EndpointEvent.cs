using NexStream.Core.Primitives;

namespace NexStream.Core.Events;

/// <summary>What an <see cref="EndpointEvent"/> tells.</summary>
public enum EventKind : byte
{
    /// <summary>A connection that this endpoint opened is established.</summary>
    ConnectionEstablished,

    /// <summary>A peer opened a connection; it is established.</summary>
    ConnectionAccepted,

    /// <summary>The peer closes gracefully: what is queued is still flushed, what arrived can still be read, nothing new can be sent.</summary>
    ConnectionClosing,

    /// <summary>The connection ended; <see cref="EndpointEvent.Reason"/> and <see cref="EndpointEvent.Report"/> say how. Its handles are stale from now on.</summary>
    ConnectionClosed,

    /// <summary>The peer allows more streams, after opening one had been refused.</summary>
    StreamsAvailable,

    /// <summary>The peer's node changed and proved itself; <see cref="ConnectionHandle.Remote"/> is the new one. Streams go on.</summary>
    ConnectionMoved,

    /// <summary>
    /// A further path carries data from now on, or a path does again after <see cref="PathLost"/>; <see cref="EndpointEvent.Value"/> is its id. Of this and
    /// <see cref="PathLost"/> only the later is told.
    /// </summary>
    PathReady,

    /// <summary>
    /// Nothing that was sent on a path came back: it was sent again on the others, and the path is asked from time to time whether it lives;
    /// <see cref="EndpointEvent.Value"/> is its id.
    /// </summary>
    PathLost,

    /// <summary>The peer closed or refused a further path, or it could not be validated in time; <see cref="EndpointEvent.Value"/> is its id.</summary>
    PathClosed,

    /// <summary>The peer opened a stream.</summary>
    StreamOpened,

    /// <summary>There is something to read, or the end of the stream was reached.</summary>
    StreamReadable,

    /// <summary>A send that took less than it was given would take more now.</summary>
    StreamWritable,

    /// <summary>The peer reset its sending half.</summary>
    StreamReset,

    /// <summary>The peer asked to stop sending, or the sending half failed: nothing more can be sent.</summary>
    StreamStopped,

    /// <summary>Both halves ended and the stream is gone. Its handle is stale from now on.</summary>
    StreamClosed,

    /// <summary>The peer has a message that was sent with <see cref="SendOptions.Report"/>; <see cref="EndpointEvent.Value"/> is its number.</summary>
    MessageAcknowledged,

    /// <summary>A BE or PR message was lost, or a message could not be delivered before its stream ended.</summary>
    MessageLost,

    /// <summary>A message's deadline passed before it was acknowledged. It may have been delivered all the same.</summary>
    MessageExpired,
}

/// <summary>Something happened that the application may want to know. Events are drained with <c>TryGetEvent</c> after each batch of inputs.</summary>
public readonly record struct EndpointEvent
{
    /// <summary>What happened.</summary>
    public required EventKind Kind { get; init; }

    /// <summary>Where.</summary>
    public required ConnectionHandle Connection { get; init; }

    /// <summary>On which stream; the default handle where the event is the connection's.</summary>
    public StreamHandle Stream { get; init; }

    /// <summary>Why, for resets, stops and closes.</summary>
    public ReasonCode Reason { get; init; }

    /// <summary>The message's number, for messages; the path's id, for paths.</summary>
    public ulong Value { get; init; }

    /// <summary>What was not delivered, for <see cref="EventKind.ConnectionClosed"/>.</summary>
    public DrainReport Report { get; init; }
}

/// <summary>What a connection had not delivered when it ended.</summary>
/// <param name="UndeliveredBytes">Bytes that reliable streams took and the peer did not acknowledge.</param>
/// <param name="UndeliveredMessages">RU messages of which not every byte was acknowledged.</param>
/// <param name="UnreadBytes">Bytes that arrived and the application did not read.</param>
public readonly record struct DrainReport(long UndeliveredBytes, long UndeliveredMessages, long UnreadBytes)
{
    /// <summary>Whether everything that was sent arrived and everything that arrived was read.</summary>
    public bool IsClean => UndeliveredBytes == 0 && UndeliveredMessages == 0 && UnreadBytes == 0;
}
