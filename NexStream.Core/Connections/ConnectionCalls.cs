using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>What an application does with a connection and its paths: the calls behind <see cref="ConnectionHandle"/>. Null is a stale handle's connection.</summary>
internal sealed class ConnectionCalls(EndpointState state, CloseSequence closing, PathLifecycle paths)
{
    public CallStatus Close(Connection? connection, ReasonCode reason, Instant now)
    {
        now = state.Advance(now);
        if (connection is null or { State: ConnectionState.Closed })
        {
            return CallStatus.Closed;
        }

        closing.Begin(connection, reason, now);
        return CallStatus.Ok;
    }

    public CallStatus Abort(Connection? connection, ReasonCode reason, Instant now)
    {
        now = state.Advance(now);
        if (connection is null or { State: ConnectionState.Closed })
        {
            return CallStatus.Closed;
        }

        closing.EndWith(connection, reason, now);
        return CallStatus.Ok;
    }

    public CallStatus OpenPath(Connection? connection, NodeId local, Instant now, out byte id)
    {
        now = state.Advance(now);
        if (local != state.Node && Array.IndexOf(state.FurtherNodes, local) < 0)
        {
            throw new ArgumentException($"{local} is neither the endpoint's node nor one of {nameof(EndpointConfig.FurtherNodes)}.", nameof(local));
        }

        id = 0;
        return connection is null ? CallStatus.Closed : paths.Open(connection, local, now, out id);
    }

    public CallStatus ClosePath(Connection? connection, byte id, Instant now)
    {
        now = state.Advance(now);
        return connection is null or { State: ConnectionState.Closed } ? CallStatus.Closed : paths.Close(connection, id, now);
    }
}
