using NexStream.Core.Buffers;
using NexStream.Core.Events;

namespace NexStream.Core.State;

/// <summary>
/// What the application has to be told. Not a buffer of events but lists of connections, streams and messages that have some, a bit for
/// each kind: it cannot overflow, and an event that comes again before it was fetched is told once.
/// </summary>
internal sealed class EventQueue(EndpointState state, Endpoint endpoint)
{
    private readonly IndexRing _connections = new(state.Config.MaxConnections);
    private readonly IndexRing _closed = new(state.Config.MaxConnections);
    private readonly IndexRing _streams = new(state.Config.MaxStreams);
    private readonly IndexRing _messages = new(state.Config.MaxMessages);

    /// <summary>Called with a stream that the queue held back from being freed.</summary>
    public Action<int>? StreamReleased { get; set; }

    /// <summary>Called with a connection whose end was told.</summary>
    public Action<Connection>? ConnectionReleased { get; set; }

    /// <summary>Messages that ended and whose report waits to be fetched: their records are in no stream's list any more.</summary>
    public int ReportCount => _messages.Count;

    public void Raise(Connection connection, ConnectionEvents events)
    {
        connection.Events |= events;
        if (!connection.InEventList)
        {
            connection.InEventList = true;
            _connections.Enqueue(connection.Index);
        }
    }

    public void Raise(int streamIndex, StreamEvents events)
    {
        ref StreamState stream = ref state.Streams[streamIndex];
        stream.Events |= events;
        if (!stream.Has(StreamFlags.InEventList))
        {
            stream.Set(StreamFlags.InEventList);
            _streams.Enqueue(streamIndex);
        }
    }

    /// <summary>A message that is to be reported has ended; the queue frees its record when the report was fetched.</summary>
    public void Report(int message) => _messages.Enqueue(message);

    public bool TryGet(out EndpointEvent item)
    {
        if ((_connections.Count | _messages.Count | _streams.Count | _closed.Count) == 0)
        {
            item = default;
            return false;
        }

        while (_connections.Count > 0)
        {
            Connection connection = state.Connections[_connections.Peek()];
            ConnectionEvents pending = connection.Events & ~ConnectionEvents.Closed;
            ConnectionEvents begin = pending & (ConnectionEvents.Established | ConnectionEvents.Accepted);
            if (begin != 0)
            {
                // Before anything is told of a connection, that there is one.
                item = Take(connection, begin);
                return true;
            }

            if ((pending & ConnectionEvents.Paths) != 0 && TryTakePath(connection, out item))
            {
                return true;
            }

            pending &= ~ConnectionEvents.Paths;
            if (pending != 0)
            {
                item = Take(connection, (ConnectionEvents)((int)pending & -(int)pending));
                return true;
            }

            _connections.Dequeue();
            connection.InEventList = false;
            if (connection.Events != 0)
            {
                connection.Events = ConnectionEvents.None;
                _closed.Enqueue(connection.Index);
            }
        }

        if (_messages.Count > 0)
        {
            item = TakeMessage();
            return true;
        }

        if (TryGetStream(out item))
        {
            return true;
        }

        if (_closed.Count > 0)
        {
            Connection connection = state.Connections[_closed.Dequeue()];
            item = new EndpointEvent
            {
                Kind = EventKind.ConnectionClosed,
                Connection = endpoint.HandleOf(connection),
                Reason = connection.CloseReason,
                Report = new DrainReport(connection.UndeliveredBytes, connection.UndeliveredMessages, connection.UnreadBytes),
            };
            ConnectionReleased?.Invoke(connection);
            return true;
        }

        return false;
    }

    /// <summary>The next of a connection's paths of which there is something to tell; else there is none any more.</summary>
    private bool TryTakePath(Connection connection, out EndpointEvent item)
    {
        item = new EndpointEvent { Kind = EventKind.PathClosed, Connection = endpoint.HandleOf(connection) };
        if (!connection.UntoldPaths.IsEmpty)
        {
            byte id = connection.UntoldPaths.First;
            connection.UntoldPaths.Remove(id);
            item = item with { Value = id };
            return true;
        }

        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if (path.Events != PathEvents.None)
            {
                item = item with { Kind = path.Events == PathEvents.Lost ? EventKind.PathLost : EventKind.PathReady, Value = path.Id };
                path.Events = PathEvents.None;
                return true;
            }
        }

        connection.Events &= ~ConnectionEvents.Paths;
        return false;
    }

    private EndpointEvent Take(Connection connection, ConnectionEvents bit)
    {
        connection.Events &= ~bit;
        return new EndpointEvent
        {
            Kind = bit switch
            {
                ConnectionEvents.Established => EventKind.ConnectionEstablished,
                ConnectionEvents.Accepted => EventKind.ConnectionAccepted,
                ConnectionEvents.StreamsAvailable => EventKind.StreamsAvailable,
                ConnectionEvents.Moved => EventKind.ConnectionMoved,
                _ => EventKind.ConnectionClosing,
            },
            Connection = endpoint.HandleOf(connection),
            Reason = bit == ConnectionEvents.Closing ? connection.CloseReason : default,
        };
    }

    private EndpointEvent TakeMessage()
    {
        int index = _messages.Dequeue();
        ref OutboundMessage message = ref state.Messages[index];
        EndpointEvent item = new()
        {
            Kind = message.Outcome,
            Connection = endpoint.HandleOf(state.Connections[message.Connection]),
            Stream = new StreamHandle(endpoint, message.Stream, message.StreamGeneration),
            Value = message.Id,
        };
        state.Messages.Free(index);
        return item;
    }

    private bool TryGetStream(out EndpointEvent item)
    {
        while (_streams.Count > 0)
        {
            int index = _streams.Peek();
            ref StreamState stream = ref state.Streams[index];
            if (stream.Events != 0)
            {
                var bit = (StreamEvents)((int)stream.Events & -(int)stream.Events);
                stream.Events &= ~bit;
                item = new EndpointEvent
                {
                    Kind = KindOf(bit),
                    Connection = endpoint.HandleOf(state.Connections[stream.Connection]),
                    Stream = new StreamHandle(endpoint, index, stream.Generation),
                    Reason = bit == StreamEvents.Reset ? stream.ReceiveReason : bit is StreamEvents.Stopped or StreamEvents.Closed ? stream.SendReason : default,
                };
                return true;
            }

            _streams.Dequeue();
            stream.Clear(StreamFlags.InEventList);
            StreamReleased?.Invoke(index);
        }

        item = default;
        return false;
    }

    private static EventKind KindOf(StreamEvents bit) => bit switch
    {
        StreamEvents.Opened => EventKind.StreamOpened,
        StreamEvents.Readable => EventKind.StreamReadable,
        StreamEvents.Writable => EventKind.StreamWritable,
        StreamEvents.Reset => EventKind.StreamReset,
        StreamEvents.Stopped => EventKind.StreamStopped,
        _ => EventKind.StreamClosed,
    };
}
