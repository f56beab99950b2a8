namespace NexStream.Core.Events;

/// <summary>
/// Sees what an endpoint tells its host, as the host takes it: for metrics and logs, whatever the host is. It is called on the host's thread, in the middle of the host's
/// call, and may look at handles and statistics, but changes nothing.
/// </summary>
public interface IEndpointObserver
{
    /// <summary>The host has taken an event.</summary>
    void OnEvent(in EndpointEvent item);

    /// <summary>The host has opened a stream. Streams of the peer's are told by <see cref="EventKind.StreamOpened"/>.</summary>
    void OnStreamOpened(ConnectionHandle connection, StreamHandle stream);

    /// <summary>The host is about to take <see cref="EventKind.ConnectionClosed"/>: the last moment at which the connection's statistics can be read.</summary>
    void OnConnectionEnding(ConnectionHandle connection);
}
