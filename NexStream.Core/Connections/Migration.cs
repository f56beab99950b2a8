using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// How a connection goes on when one side's node changes (RFC 9000 §9, adapted). Whoever hears the connection's newest packet from another node asks that node
/// to prove itself, and keeps sending to the old one meanwhile: a forged packet moves nothing. When the proof comes, the path moves, with
/// fresh congestion state, and what was under way to the old node is sent again. If none comes, nothing has happened.
/// </summary>
internal sealed class Migration(EndpointState state, ConnectionFactory factory, PathFactory paths, LossDetector lossDetector)
{
    /// <summary>
    /// Answers that leave at once after this side moved, beyond the congestion window if need be: what fills the window may have got lost with the old way. As many as
    /// the questions of which the peer takes an answer.
    /// </summary>
    private const int AnswersAllowed = 3;

    private const ulong ChallengeDomain = 0x6d6f766564;

    /// <summary>Whether packets from another node than the path's are read at all: once the connection is established and its peer proved itself.</summary>
    public static bool MayMove(Connection connection, Path path) => connection.CanSend && path.IsValidated && path.PeerTag != 0;

    /// <summary>A packet came from another node and was taken in; it is the newest of the path.</summary>
    public void OnPacket(Connection connection, Path path, NodeId source, int size, Instant now)
    {
        if (source == path.Remote)
        {
            // This very packet had the answer in it.
            return;
        }

        path.Challenge.OnPacket(source, size, now, path.Rtt.PtoNs(connection.PeerMaxAckDelayNs));
        state.MarkReady(connection);
    }

    /// <summary>Asks the node that may be the peer's new one, when that is due. False: it is not, and nothing was written.</summary>
    public bool TryAsk(Connection connection, Path path, Instant now, Wire.Transmission transmission)
    {
        if (!path.Challenge.MayAsk(now))
        {
            return false;
        }

        ulong id = state.Hash.Compute(connection.LocalTag ^ ChallengeDomain, ++connection.PingCount);
        var builder = new PacketBuilder(transmission, AddressChallenge.QuestionSize);
        new PingFrame { PingId = id }.TryWrite(ref builder.Writer);
        var header = new PacketHeader
        {
            Tag = path.PeerTag,
            PathId = path.Id,
            PacketNumber = unchecked((uint)PacketNumbers.Take(state, path)),
        };
        PacketFinisher.WriteHeaders(ref builder, path.Local, path.Challenge.Remote, header, LinkHeader.PriorityMax, EcnCodepoint.NotEct);

        // It is not remembered as in flight: it says nothing of the path in use, and is repeated here.
        Departure.Count(path, AddressChallenge.QuestionSize, isMarked: false);
        path.Challenge.OnAsked(id, now);
        return true;
    }

    /// <summary>PONG came: if it answers the question, the path moves.</summary>
    public void OnPong(Connection connection, Path path, NodeId source, ulong pingId, Instant now)
    {
        if (!path.Challenge.IsAnsweredBy(source, pingId, out Instant askedAt))
        {
            return;
        }

        long rttNs = now - askedAt;
        lossDetector.Abandon(connection, path, now);
        path.Remote = source;
        path.Challenge = AddressChallenge.None;
        paths.Forget(connection, path, now);
        path.OnRttSample(rttNs, 0, now);
        path.Moves++;
        if (path == connection.Path)
        {
            state.Events.Raise(connection, ConnectionEvents.Moved);
        }

        state.MarkReady(connection);
    }

    /// <summary>This endpoint's node has changed: the peer hears of it by the next packet, which is sent at once. Paths from further nodes stay as they are.</summary>
    public void OnLocalChange(Connection connection, Instant now)
    {
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            if (connection.Paths[i].Local == state.FormerNode)
            {
                OnLocalChange(connection, connection.Paths[i], now);
            }
        }
    }

    private void OnLocalChange(Connection connection, Path path, Instant now)
    {
        path.Local = state.Node;
        if (connection.State == ConnectionState.Init)
        {
            factory.AskAgain(connection, now);
            state.MarkReady(connection);
        }
        else if (MayMove(connection, path))
        {
            lossDetector.Discount(path);
            paths.Forget(connection, path, now);
            path.Control |= PathControl.Ping;
            path.AnswersAllowed = AnswersAllowed;
            state.MarkReady(connection);
        }
    }
}
