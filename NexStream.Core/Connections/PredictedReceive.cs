using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// What nearly every packet of a bulk transfer is, seen at a glance (header prediction, Jacobson 1990): the next packet of an open connection with
/// nothing in it but data that is the next of its stream (<see cref="PredictedData"/>).
/// What is not just that is left to <see cref="ReceivePath"/> untouched. Both leave the same state behind: a test runs one against the other.
/// </summary>
internal sealed class PredictedReceive(EndpointState state, PathFactory paths, PredictedData data, PacketTrain train)
{
    /// <summary>Takes the frame in. False: it is none of these, and nothing was done.</summary>
    public bool TryProcess(in LinkFrame frame, Instant now)
    {
        if (frame.Payload.IsEmpty || frame.Head.Length < DataHead.Size || !state.UsesPrediction)
        {
            return false;
        }

        ref readonly DataHead head = ref DataHead.In(frame.Head);
        ref readonly LinkHeader link = ref frame.Header;
        if (paths.Find(head.Tag) is not { Owner: { State: ConnectionState.Established, ClosePhase: ClosePhase.None } connection } path
            || !head.IsPacket(path.Id, unchecked((uint)(path.Received.Largest + 1))) || link.Destination != path.Local || link.Source != path.Remote
            || !path.Received.HasAny || !path.IsUsable || !data.TryTake(connection, frame))
        {
            return false;
        }

        connection.LastReceivedAt = now;
        connection.LastActivityAt = now;
        path.BytesReceived += link.PayloadLength + LinkHeader.Size;
        path.Received.RecordNext(now, link.Ecn, path.Rtt.SmoothedNs);
        path.PacketsReceived++;
        state.MarkReady(connection);
        state.PredictedReceived++;
        train.Couple(connection, path, frame, now);
        return true;
    }
}
