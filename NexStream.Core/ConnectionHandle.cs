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

    /// <summary>Whether that endpoint gave the handle out.</summary>
    internal bool IsOf(Endpoint endpoint) => ReferenceEquals(_endpoint, endpoint);

    /// <summary>Whether streams can be opened and data sent.</summary>
    public bool IsOpen => _endpoint?.Find(this) is { IsOpen: true };

    /// <summary>Whether the connection is alive: being opened, open, or closing.</summary>
    public bool IsAlive => _endpoint?.Find(this) is { State: not State.ConnectionState.Closed };

    /// <summary>The node at the other end; the default where the handle is stale.</summary>
    public NodeId Remote => _endpoint?.Find(this)?.Path.Remote ?? default;

    /// <summary>Opens a stream. It costs no round trip: data can be sent at once.</summary>
    /// <param name="config">What the stream is.</param>
    /// <param name="stream">The stream, when the answer is <see cref="CallStatus.Ok"/>.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>; <see cref="CallStatus.LimitReached"/>: the peer or the endpoint allow no more streams now,
    /// <see cref="Events.EventKind.StreamsAvailable"/> tells when to try again; <see cref="CallStatus.Closed"/>: the connection is not established yet, or not any more.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// A setting is out of its range: the mode, the priority, or one of <see cref="StreamConfig.Delivery"/>. Or it is of another mode than the stream's. The message
    /// names it.
    /// </exception>
    /// <exception cref="NotSupportedException"><see cref="StreamConfig.Delivery"/> asks for repairs, and the program was built without them.</exception>
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

    /// <summary>How many paths the connection has, those that are being opened included.</summary>
    public int PathCount => _endpoint?.Find(this)?.Paths.Count ?? 0;

    /// <summary>
    /// Opens a further path, from a node of this endpoint's to one that the peer names. <see cref="Events.EventKind.PathReady"/> tells when it carries data,
    /// <see cref="Events.EventKind.PathClosed"/> that it came to nothing.
    /// </summary>
    /// <param name="local">The endpoint's node, or one of <see cref="EndpointConfig.FurtherNodes"/>.</param>
    /// <param name="now">The present.</param>
    /// <param name="pathId">The path's id, when the answer is <see cref="CallStatus.Ok"/>.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>; <see cref="CallStatus.LimitReached"/>: this side, the peer or the endpoint allow no more paths now, or all 127 ids were used;
    /// <see cref="CallStatus.Closed"/>: the connection is not established, or not any more.
    /// </returns>
    /// <exception cref="ArgumentException"><paramref name="local"/> is no node of the endpoint's.</exception>
    public CallStatus OpenPath(NodeId local, Instant now, out byte pathId)
    {
        pathId = 0;
        if (_endpoint is not { } endpoint)
        {
            return CallStatus.Closed;
        }

        endpoint.Trace?.OpenPath(this, local, now);
        CallStatus status = endpoint.Calls.OpenPath(endpoint.Find(this), local, now, out pathId);
        endpoint.Trace?.OnPathOpened(status, pathId);
        return status;
    }

    /// <summary>Closes a further path: what is under way on it is sent again on the others, and the peer is told.</summary>
    /// <param name="pathId">Its id.</param>
    /// <param name="now">The present.</param>
    /// <returns><see cref="CallStatus.Ok"/>, or <see cref="CallStatus.Closed"/>: there is no such path (any more).</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pathId"/> is 0: the path that a connection was opened on lives as long as the connection.</exception>
    public CallStatus ClosePath(byte pathId, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pathId);
        if (_endpoint is not { } endpoint)
        {
            return CallStatus.Closed;
        }

        endpoint.Trace?.ClosePath(this, pathId, now);
        CallStatus status = endpoint.Calls.ClosePath(endpoint.Find(this), pathId, now);
        return endpoint.Trace?.OnDone(status) ?? status;
    }

    /// <summary>Gives a path its parts for schedulers that share by weight: 1 to 255, 1 at first.</summary>
    /// <returns><see cref="CallStatus.Ok"/>, or <see cref="CallStatus.Closed"/>: there is no such path (any more).</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="weight"/> is 0.</exception>
    public CallStatus SetPathWeight(byte pathId, byte weight)
    {
        ArgumentOutOfRangeException.ThrowIfZero(weight);
        _endpoint?.Trace?.SetPathWeight(this, pathId, weight);
        State.Path? path = _endpoint?.Find(this)?.Paths.Find(pathId);
        CallStatus status = path is null ? CallStatus.Closed : CallStatus.Ok;
        if (path is not null)
        {
            path.Weight = weight;
        }

        return _endpoint?.Trace?.OnDone(status) ?? status;
    }

    /// <summary>What a path has done so far, by its id. False: there is no such path (any more).</summary>
    public bool TryGetPath(byte pathId, out PathStatistics statistics)
    {
        State.Path? path = _endpoint?.Find(this)?.Paths.Find(pathId);
        statistics = path?.Statistics() ?? default;
        return path is not null;
    }

    /// <summary>What a path has done so far, by its place, from 0 to below <see cref="PathCount"/>. False: there is none.</summary>
    public bool TryGetPathAt(int index, out PathStatistics statistics)
    {
        State.Connection? connection = _endpoint?.Find(this);
        bool isThere = connection is not null && index >= 0 && index < connection.Paths.Count;
        statistics = isThere ? connection!.Paths[index].Statistics() : default;
        return isThere;
    }

    /// <summary>
    /// Closes gracefully: nothing new can be sent, both sides flush what they have queued for at most
    /// <see cref="ConnectionConfig.Linger"/>, and the closing event reports what was not delivered. One that is still being opened ends at once.
    /// </summary>
    /// <param name="now">The present.</param>
    /// <param name="reason">What the peer is told, and the closing event says.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: it closes, or did already, and then nothing changes; <see cref="Events.EventKind.ConnectionClosed"/> tells of the end. Until then what
    /// arrived can be read. <see cref="CallStatus.Closed"/>: it has ended, and nothing more comes of it but that event, where it was not fetched.
    /// </returns>
    public CallStatus Close(Instant now, ReasonCode reason = ReasonCode.None)
    {
        if (_endpoint is not { } endpoint)
        {
            return CallStatus.Closed;
        }

        endpoint.Trace?.End(TraceOperation.CloseConnection, this, now, reason);
        CallStatus status = endpoint.Calls.Close(endpoint.Find(this), reason, now);
        return endpoint.Trace?.OnDone(status) ?? status;
    }

    /// <summary>Ends the connection at once; the peer is told, once. What was not delivered, and not read, is gone.</summary>
    /// <param name="now">The present.</param>
    /// <param name="reason">What the peer is told, and the closing event says.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: it has ended, also where it was closing; <see cref="Events.EventKind.ConnectionClosed"/> reports what was lost.
    /// <see cref="CallStatus.Closed"/>: it had ended before, and nothing changes.
    /// </returns>
    public CallStatus Abort(Instant now, ReasonCode reason = ReasonCode.Aborted)
    {
        if (_endpoint is not { } endpoint)
        {
            return CallStatus.Closed;
        }

        endpoint.Trace?.End(TraceOperation.AbortConnection, this, now, reason);
        CallStatus status = endpoint.Calls.Abort(endpoint.Find(this), reason, now);
        return endpoint.Trace?.OnDone(status) ?? status;
    }

    /// <summary>What the connection has done so far; the default where the handle is stale.</summary>
    public ConnectionStatistics Statistics => _endpoint?.StatisticsOf(this) ?? default;
}
