using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// How further paths come and go (draft-ietf-quic-multipath §3, adapted to tags): one side offers a node and a tag, the other answers with its own, each asks the
/// other on the new path by PING, and it carries data when PONG has come back. Ids are used once; what is more than this side takes is refused.
/// </summary>
internal sealed class PathLifecycle(EndpointState state, PathFactory paths, LossDetector lossDetector)
{
    /// <summary>Opens a path from one of the endpoint's own nodes.</summary>
    public CallStatus Open(Connection connection, NodeId local, Instant now, out byte id)
    {
        id = 0;
        if (!connection.IsOpen || !connection.Path.IsValidated)
        {
            return CallStatus.Closed;
        }

        byte next = PathIds.Next(connection.LastPathId, connection.IsClient);
        int further = connection.Paths.Count - 1;
        if (next == PathIds.None || further >= Math.Min(connection.PeerPathsMax, connection.Config.MaxPaths - 1)
            || paths.Create(connection, next, local, now) is not { } path)
        {
            return CallStatus.LimitReached;
        }

        id = next;
        connection.LastPathId = next;
        path.State = PathState.Offering;
        path.ValidationEndsAt = now + connection.Config.HandshakeTimeout;
        Announce(connection, path);
        return CallStatus.Ok;
    }

    /// <summary>The application closes a path.</summary>
    public CallStatus Close(Connection connection, byte id, Instant now)
    {
        if (connection.Paths.Find(id) is not { } path)
        {
            return CallStatus.Closed;
        }

        Remove(connection, path, now);
        Refuse(connection, id);
        return CallStatus.Ok;
    }

    /// <summary>PATH_OFFER came: the peer opens a path, or answers this side's offer. Returns the violation, or none.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="offer">The frame.</param>
    /// <param name="bytes">The length of the frame that brought it, as far as no other offer in it was counted.</param>
    /// <param name="now">When.</param>
    public ReasonCode OnOffer(Connection connection, in PathOfferFrame offer, uint bytes, Instant now)
    {
        bool isAnswer = PathIds.IsOpenedBy(offer.PathId, connection.IsClient);
        if ((!isAnswer && !PathIds.IsOpenedBy(offer.PathId, !connection.IsClient)) || (isAnswer && !connection.UsedPaths.Contains(offer.PathId)))
        {
            // A reserved id, or an answer to what was never offered.
            return ReasonCode.ProtocolViolation;
        }

        if (connection.Paths.Find(offer.PathId) is { } known)
        {
            if (known.State.TryLearnPeer())
            {
                Begin(connection, known, offer, bytes);
                return ReasonCode.None;
            }

            // The same again is a repetition. Another tag or node would send what is under way elsewhere.
            return offer.Tag == known.PeerTag && offer.Node == known.OfferedNode ? ReasonCode.None : ReasonCode.ProtocolViolation;
        }

        if (connection.UsedPaths.Contains(offer.PathId) || !connection.IsOpen)
        {
            // Late: the path is gone, or all of them are going.
            return ReasonCode.None;
        }

        NodeId local = NodeFor(offer.PathId);
        if (connection.Paths.Count >= connection.Config.MaxPaths || paths.Create(connection, offer.PathId, local, now) is not { } path)
        {
            connection.UsedPaths.Add(offer.PathId);
            connection.PathsRefused++;
            Refuse(connection, offer.PathId);
            return ReasonCode.None;
        }

        path.State = PathState.Validating;
        path.ValidationEndsAt = now + connection.Config.HandshakeTimeout;
        Begin(connection, path, offer, bytes);
        Announce(connection, path);
        return ReasonCode.None;
    }

    /// <summary>PATH_CLOSE came. Returns the violation, or none.</summary>
    public ReasonCode OnClose(Connection connection, byte id, Instant now)
    {
        bool isOwn = PathIds.IsOpenedBy(id, connection.IsClient);
        if ((!isOwn && !PathIds.IsOpenedBy(id, !connection.IsClient)) || (isOwn && !connection.UsedPaths.Contains(id)))
        {
            return ReasonCode.ProtocolViolation;
        }

        // The offer may come later than the end: then it counts as used.
        connection.UsedPaths.Add(id);
        if (connection.Paths.Find(id) is { } path)
        {
            Remove(connection, path, now);
            Tell(connection, id);
        }

        return ReasonCode.None;
    }

    /// <summary>PONG came on a path: if it answers the question, the path carries data from now on.</summary>
    public void OnPong(Connection connection, Path path, NodeId source, ulong pingId)
    {
        if (pingId != path.PingId || pingId == 0 || source != path.Remote || !path.State.TryValidate())
        {
            return;
        }

        path.IsValidated = true;
        path.ValidationEndsAt = Instant.Never;
        path.ProbeTimeoutCount = 0;
        path.Events = PathEvents.Ready;
        state.Events.Raise(connection, ConnectionEvents.Paths);
        state.MarkReady(connection);
    }

    /// <summary>A path was not validated in time: it is given up, and the peer is told.</summary>
    public void OnTimeout(Connection connection, Path path, Instant now)
    {
        Remove(connection, path, now);
        Refuse(connection, path.Id);
        Tell(connection, path.Id);
    }

    /// <summary>The node that this side takes a path at which the peer opens: the further ones in turn, where there are any.</summary>
    private NodeId NodeFor(byte id) => state.FurtherNodes.Length == 0 ? state.Node : state.FurtherNodes[(id - 1) / 2 % state.FurtherNodes.Length];

    private void Begin(Connection connection, Path path, in PathOfferFrame offer, uint bytes)
    {
        path.PeerTag = offer.Tag;
        path.Remote = offer.Node;
        path.OfferedNode = offer.Node;
        path.OfferBytes = bytes;
        path.Control |= PathControl.Ping;
        state.MarkReady(connection);
    }

    private void Announce(Connection connection, Path path)
    {
        path.Control |= PathControl.Offer;
        connection.Control |= ConnectionControl.Paths;
        state.MarkReady(connection);
    }

    /// <summary>The peer is told that a path is no more, or will not be.</summary>
    private void Refuse(Connection connection, byte id)
    {
        connection.ClosedPaths.Add(id);
        connection.Control |= ConnectionControl.Paths;
        state.MarkReady(connection);
    }

    private void Tell(Connection connection, byte id)
    {
        connection.UntoldPaths.Add(id);
        state.Events.Raise(connection, ConnectionEvents.Paths);
    }

    /// <summary>What was under way on the path goes elsewhere, and the path goes back to the others that are not in use.</summary>
    private void Remove(Connection connection, Path path, Instant now)
    {
        lossDetector.Abandon(connection, path, now);
        lossDetector.ForgetAll(path);
        connection.Copy.Paths &= (byte)(byte.MaxValue ^ path.SlotBit);
        paths.Free(connection, path);
    }
}
