using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Swarm.Hosts;

namespace NexStream.Swarm.Oracles;

/// <summary>Which events may come when: what the documentation of <see cref="EventKind"/> promises, as a state machine for each connection and each stream.</summary>
internal static class EventRules
{
    /// <summary>An event of a connection itself.</summary>
    public static void OnConnection(ConnectionView connection, in EndpointEvent item)
    {
        bool isLegal = item.Kind switch
        {
            EventKind.ConnectionEstablished => connection.IsOpenedHere && !connection.IsKnown,
            EventKind.ConnectionAccepted => !connection.IsKnown,
            EventKind.ConnectionClosing => connection.IsKnown && !connection.IsPeerClosing,
            EventKind.StreamsAvailable => connection.IsKnown && connection.HasWantedStreams,
            EventKind.ConnectionMoved or EventKind.PathReady or EventKind.PathLost or EventKind.PathClosed => connection.IsKnown,
            EventKind.ConnectionClosed => connection.IsKnown || connection.IsOpenedHere,
            _ => false,
        };
        Demand(isLegal && !connection.IsClosed, item.Kind, connection.Name);
        connection.IsKnown |= item.Kind is EventKind.ConnectionEstablished or EventKind.ConnectionAccepted;
        connection.IsPeerClosing |= item.Kind == EventKind.ConnectionClosing;
        connection.IsClosed |= item.Kind == EventKind.ConnectionClosed;
        connection.WantsStreams &= item.Kind != EventKind.StreamsAvailable;
        if (item.Kind == EventKind.ConnectionClosed)
        {
            connection.Reason = item.Reason;
        }
    }

    /// <summary>An event of a stream that the application knows, or hears of now.</summary>
    public static void OnStream(StreamView stream, in EndpointEvent item)
    {
        bool isLegal = item.Kind switch
        {
            EventKind.StreamOpened => !stream.IsOpenedHere && !stream.IsAnnounced,
            // Also when what there was has been read since, with something else.
            EventKind.StreamReadable => true,
            // Who asked twice before it was told once may be told twice.
            EventKind.StreamWritable => stream.HasWantedWritable,
            EventKind.StreamReset => !stream.IsReset,
            EventKind.StreamStopped => !stream.IsStopped,
            EventKind.StreamClosed => true,
            EventKind.MessageAcknowledged or EventKind.MessageLost or EventKind.MessageExpired => stream.Sent.Mode != TransportMode.ReliableOrdered,
            _ => false,
        };
        bool isAnnounced = stream.IsOpenedHere || stream.IsAnnounced || item.Kind == EventKind.StreamOpened;
        Demand(isLegal && isAnnounced && !stream.IsClosed && !stream.Connection.IsClosed, item.Kind, stream.Sent.Name);
        stream.IsAnnounced |= item.Kind == EventKind.StreamOpened;
        stream.IsReset |= item.Kind == EventKind.StreamReset;
        stream.IsStopped |= item.Kind == EventKind.StreamStopped;
        stream.IsClosed |= item.Kind == EventKind.StreamClosed;
        stream.WantsWritable &= item.Kind != EventKind.StreamWritable;
    }

    private static void Demand(bool isLegal, EventKind kind, string name)
    {
        if (!isLegal)
        {
            throw new SwarmFailureException("events are legal", $"{kind} on {name} in a state that does not have it");
        }
    }
}
