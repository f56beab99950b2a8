using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Core.Tracing;

namespace NexStream.Core;

/// <summary>
/// Names a connection of an endpoint. A handle is a value: it can be kept, compared and used at any time. Once the connection is gone
/// the handle is stale: every call answers <see cref="CallStatus.Closed"/>, throws nothing, and reaches no other connection.
/// </summary>
public readonly record struct ConnectionHandle
{
    private readonly Endpoint? _endpoint;

    internal ConnectionHandle(Endpoint endpoint, int index, uint generation)
    {
        _endpoint = endpoint;
        Index = index;
        Generation = generation;
    }

    /// <summary>A small number that no other living connection of the endpoint has: below <see cref="EndpointConfig.MaxConnections"/>.</summary>
    public int Index { get; }

    internal uint Generation { get; }

    /// <summary>Whether streams can be opened and data sent.</summary>
    public bool IsOpen => _endpoint?.Find(this) is { IsOpen: true };

    /// <summary>Whether the connection is alive: being opened, open, or closing.</summary>
    public bool IsAlive => _endpoint?.Find(this) is { State: not State.ConnectionState.Closed };

    /// <summary>The node at the other end; the default where the handle is stale.</summary>
    public NodeId Remote => _endpoint?.Find(this)?.Path.Remote ?? default;

    /// <summary>Opens a stream. It costs no round trip: data can be sent at once.</summary>
    /// <param name="config">What the stream is.</param>
    /// <param name="stream">The stream, when the answer is <see cref="CallStatus.Ok"/>.</param>
    /// <returns><see cref="CallStatus.Ok"/>, <see cref="CallStatus.LimitReached"/> or <see cref="CallStatus.Closed"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The configuration has no such mode or priority.</exception>
    public CallStatus OpenStream(in StreamConfig config, out StreamHandle stream)
    {
        config.Validate();
        stream = default;
        if (_endpoint is not { } endpoint)
        {
            return CallStatus.Closed;
        }

        endpoint.Trace?.OpenStream(this, config);
        CallStatus status = endpoint.OpenStream(this, config, out stream);
        endpoint.Trace?.OnOpened(status, stream);
        return status;
    }

    /// <summary>
    /// Closes gracefully: nothing new can be sent, both sides flush what they have queued for at most
    /// <see cref="ConnectionConfig.Linger"/>, and the closing event reports what was not delivered.
    /// </summary>
    public CallStatus Close(Instant now, ReasonCode reason = ReasonCode.None)
    {
        if (_endpoint is not { } endpoint)
        {
            return CallStatus.Closed;
        }

        endpoint.Trace?.End(TraceOperation.CloseConnection, this, now, reason);
        CallStatus status = endpoint.Close(this, reason, now);
        return endpoint.Trace?.OnDone(status) ?? status;
    }

    /// <summary>Ends the connection at once; the peer is told, once.</summary>
    public CallStatus Abort(Instant now, ReasonCode reason = ReasonCode.Aborted)
    {
        if (_endpoint is not { } endpoint)
        {
            return CallStatus.Closed;
        }

        endpoint.Trace?.End(TraceOperation.AbortConnection, this, now, reason);
        CallStatus status = endpoint.Abort(this, reason, now);
        return endpoint.Trace?.OnDone(status) ?? status;
    }

    /// <summary>What the connection has done so far; the default where the handle is stale.</summary>
    public ConnectionStatistics Statistics => _endpoint?.StatisticsOf(this) ?? default;
}
