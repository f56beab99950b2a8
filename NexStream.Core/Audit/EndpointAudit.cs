using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Audit;

/// <summary>
/// Looks through everything that an endpoint holds and says whether it agrees with itself: lists with counts, sums with their parts, flags with lists,
/// references with those who hold them. It costs as much as there is, and is for the swarm and for tests.
/// </summary>
internal sealed class EndpointAudit
{
    private readonly EndpointState _state;
    private readonly FrameAudit _frames;
    private readonly ConnectionAudit _connections;
    private readonly int[] _noLinks;

    public EndpointAudit(Endpoint endpoint)
    {
        _state = endpoint.State;
        _frames = new FrameAudit(_state);
        _connections = new ConnectionAudit(_state, _frames, new StreamAudit(_state, _frames));
        _noLinks = new int[_state.Frames.Arena.FrameCount];
    }

    /// <summary>Checks everything.</summary>
    /// <param name="heldByLinks">For each frame of the arena, the references that links have; empty: none has any.</param>
    /// <exception cref="InvariantException">Something does not agree; the message says what.</exception>
    public void Check(ReadOnlySpan<int> heldByLinks = default)
    {
        var counts = default(AuditCounts);
        _frames.Begin();
        int alive = 0;
        int halfOpen = 0;
        foreach (Connection connection in _state.Connections)
        {
            if (connection.LocalTag == 0)
            {
                Invariant.Demand(connection.StreamCount == 0 && connection.State == ConnectionState.Closed, "A connection that is free has no streams.");
                continue;
            }

            alive++;
            halfOpen += !connection.IsClient && !connection.Path.IsValidated && connection.State != ConnectionState.Closed ? 1 : 0;
            _connections.Check(connection, ref counts);
        }

        Invariant.Demand(alive == _state.ConnectionCount, "The connections are counted.");
        Invariant.Demand(halfOpen == _state.HalfOpenCount, "The connections that are half open are counted.");
        Invariant.Demand(alive + _state.FreeConnections.Count == _state.Connections.Length, "A connection is in use or free.");
        counts.Compare(_state);
        _frames.Compare(heldByLinks.IsEmpty ? _noLinks : heldByLinks);
    }
}
