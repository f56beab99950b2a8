using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Hosting;

/// <summary>Does what waits on connections. The driver's thread alone uses it.</summary>
internal sealed class ConnectionWork(NexStreamHost host, Endpoint endpoint, StreamWork streams)
{
    private readonly ConnectionRecord?[] _connections = new ConnectionRecord?[endpoint.Config.MaxConnections];
    private readonly StreamRecord?[] _streams = new StreamRecord?[endpoint.Config.MaxStreams];

    /// <summary>Connections that were accepted by the core and by nobody here, the oldest first: at most as many as there can be.</summary>
    private readonly List<ConnectionRecord> _backlog = [];

    private OperationQueue _accepts;

    /// <summary>Connections that are not over.</summary>
    public int Count { get; private set; }

    public IEnumerable<ConnectionRecord> All => _connections.OfType<ConnectionRecord>();

    public StreamRecord? Find(in StreamHandle handle) => _streams[handle.Index] is { } stream && stream.Handle == handle ? stream : null;

    public void Connect(Operation operation, NodeId remote, Instant now)
    {
        if (endpoint.Connect(remote, now, out ConnectionHandle handle, operation.ConnectionConfig) != CallStatus.Ok)
        {
            operation.Fail(new NexStreamException(
                NexStreamError.LimitReached, $"All {endpoint.Config.MaxConnections} connections of the host are in use: close some, or raise {nameof(EndpointConfig)}.{nameof(EndpointConfig.MaxConnections)}."));
            return;
        }

        ConnectionRecord connection = Add(handle);
        connection.Address = operation.Address;
        connection.Connecting = operation;
        operation.Connection = connection;
        operation.IsQueued = true;
    }

    public void Accept(Operation operation)
    {
        if (_backlog.Count == 0)
        {
            _accepts.Enqueue(operation);
            return;
        }

        operation.Connection = _backlog[0];
        _backlog.RemoveAt(0);
        operation.Complete();
    }

    public static void AcceptStream(Operation operation)
    {
        ConnectionRecord connection = operation.Connection!;
        if (connection.Backlog.TryDequeue(out StreamRecord? stream))
        {
            operation.Stream = stream;
            operation.Complete();
        }
        else if (connection.Failure(0) is { } failure)
        {
            operation.Fail(failure);
        }
        else
        {
            connection.Accepts.Enqueue(operation);
        }
    }

    public void Open(Operation operation)
    {
        ConnectionRecord connection = operation.Connection!;
        connection.Opens.Enqueue(operation);
        if (connection.Opens.First == operation)
        {
            TryOpen(connection);
        }
    }

    public void Close(Operation operation, Instant now)
    {
        ConnectionRecord connection = operation.Connection!;
        if (connection.IsClosed)
        {
            operation.Report = connection.Report;
            operation.Complete();
            return;
        }

        connection.Closes.Enqueue(operation);
        BeginClose(connection, operation.Reason, now);
    }

    public void BeginClose(ConnectionRecord connection, ReasonCode reason, Instant now)
    {
        if (connection.Handle.Close(now, reason) == CallStatus.Ok && !connection.IsClosing)
        {
            OnClosing(connection, reason);
        }
    }

    /// <summary>Takes an operation out of the queue that it waits in.</summary>
    public void Withdraw(Operation operation, Exception why, Instant now)
    {
        ConnectionRecord? connection = operation.Connection;
        switch (operation.Kind)
        {
            case OperationKind.Connect:
                connection!.Connecting = null;
                operation.IsQueued = false;
                connection.Handle.Abort(now);
                break;
            case OperationKind.AcceptConnection:
                _accepts.Remove(operation);
                break;
            case OperationKind.OpenStream:
                connection!.Opens.Remove(operation);
                break;
            case OperationKind.AcceptStream:
                connection!.Accepts.Remove(operation);
                break;
            default:
                connection!.Closes.Remove(operation);
                break;
        }

        operation.Fail(why);
    }

    public void OnEvent(in EndpointEvent item)
    {
        if (item.Kind == EventKind.ConnectionAccepted)
        {
            OnAccepted(Add(item.Connection));
        }
        else if (_connections[item.Connection.Index] is { } connection && connection.Handle == item.Connection)
        {
            OnEvent(connection, item);
        }
    }

    public void FailAccepts(Exception why)
    {
        while (_accepts.First is not null)
        {
            _accepts.Dequeue().Fail(why);
        }
    }

    /// <summary>The connection is over. Everything that waits on it ends.</summary>
    public void OnClosed(ConnectionRecord connection, ReasonCode reason, in DrainReport report)
    {
        connection.Reason = reason;
        connection.Report = report;
        connection.IsClosed = true;
        _connections[connection.Handle.Index] = null;
        _backlog.Remove(connection);
        Count--;
        foreach (StreamRecord stream in connection.Streams.ToArray())
        {
            Remove(stream);
        }

        if (connection.Connecting is { } connecting)
        {
            connection.Connecting = null;
            connecting.IsQueued = false;
            connecting.Fail(connection.Failure(0)!);
        }

        FailWaiting(connection);
        while (connection.Closes.First is not null)
        {
            Operation closing = connection.Closes.Dequeue();
            closing.Report = report;
            if (connection.HostFailure is { } failure)
            {
                // Nobody knows what was delivered.
                closing.Fail(NexStreamHost.Stopped(failure));
            }
            else
            {
                closing.Complete();
            }
        }

        connection.Owner.OnClosed();
    }

    private void OnEvent(ConnectionRecord connection, in EndpointEvent item)
    {
        switch (item.Kind)
        {
            case EventKind.ConnectionEstablished when connection.Connecting is { } connecting:
                connection.Connecting = null;
                connecting.IsQueued = false;
                connecting.Complete();
                break;
            case EventKind.ConnectionClosing:
                OnClosing(connection, item.Reason);
                break;
            case EventKind.ConnectionClosed:
                OnClosed(connection, item.Reason, item.Report);
                break;
            case EventKind.StreamsAvailable:
                while (connection.Opens.First is not null && TryOpen(connection))
                {
                    // The next one.
                }

                break;
            case EventKind.StreamOpened:
                OnOpened(connection, Add(connection, item.Stream));
                break;
            default:
                // Of a connection that has ended, the end is told last, and to all its streams at once.
                if (connection.Handle.IsAlive && Find(item.Stream) is { } stream)
                {
                    OnEvent(stream, item);
                }

                break;
        }
    }

    private void OnEvent(StreamRecord stream, in EndpointEvent item)
    {
        switch (item.Kind)
        {
            case EventKind.StreamReadable:
                streams.Receive(stream);
                break;
            case EventKind.StreamWritable:
                streams.Send(stream);
                break;
            case EventKind.StreamReset:
                stream.Reset = item.Reason;
                streams.Receive(stream);
                break;
            case EventKind.StreamStopped:
                stream.Stopped = item.Reason;
                streams.Send(stream);
                break;
            case EventKind.StreamClosed:
                stream.Connection.Streams.Remove(stream);
                Remove(stream);
                break;
            default:
                break;
        }
    }

    private ConnectionRecord Add(in ConnectionHandle handle)
    {
        ConnectionRecord connection = new(host, handle);
        _connections[handle.Index] = connection;
        Count++;
        return connection;
    }

    private StreamRecord Add(ConnectionRecord connection, in StreamHandle handle)
    {
        StreamRecord stream = new(connection, handle);
        _streams[handle.Index] = stream;
        connection.Streams.Add(stream);
        return stream;
    }

    private void Remove(StreamRecord stream)
    {
        _streams[stream.Handle.Index] = null;
        streams.EndAll(stream);
    }

    private void OnAccepted(ConnectionRecord connection)
    {
        if (_accepts.First is null)
        {
            _backlog.Add(connection);
            return;
        }

        Operation accept = _accepts.Dequeue();
        accept.Connection = connection;
        accept.Complete();
    }

    private static void OnOpened(ConnectionRecord connection, StreamRecord stream)
    {
        if (connection.Accepts.First is null)
        {
            connection.Backlog.Enqueue(stream);
            return;
        }

        Operation accept = connection.Accepts.Dequeue();
        accept.Stream = stream;
        accept.Complete();
    }

    /// <summary>Opens a stream for the first that waits for one. False: it goes on waiting.</summary>
    private bool TryOpen(ConnectionRecord connection)
    {
        Operation operation = connection.Opens.First!;
        CallStatus status;
        StreamHandle handle;
        try
        {
            status = connection.Handle.OpenStream(operation.StreamConfig, out handle);
        }
        catch (Exception failure) when (Operation.IsCallersFault(failure))
        {
            connection.Opens.Dequeue().Fail(failure);
            return true;
        }

        if (status == CallStatus.Ok)
        {
            connection.Opens.Dequeue();
            operation.Stream = Add(connection, handle);
            operation.Complete();
        }
        else if (status == CallStatus.Closed && connection.Failure(0) is { } failure)
        {
            connection.Opens.Dequeue();
            operation.Fail(failure);
        }
        else
        {
            // The peer's limit; or the connection has just ended, which is told next.
            return false;
        }

        return true;
    }

    private void OnClosing(ConnectionRecord connection, ReasonCode reason)
    {
        connection.IsClosing = true;
        connection.Reason = reason;
        FailWaiting(connection);
        foreach (StreamRecord stream in connection.Streams)
        {
            streams.Send(stream);
        }
    }

    private static void FailWaiting(ConnectionRecord connection)
    {
        while (connection.Opens.First is not null)
        {
            connection.Opens.Dequeue().Fail(connection.Failure(0)!);
        }

        while (connection.Accepts.First is not null)
        {
            connection.Accepts.Dequeue().Fail(connection.Failure(0)!);
        }
    }
}
