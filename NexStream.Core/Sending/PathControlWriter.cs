using NexStream.Core.Buffers;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Sending;

/// <summary>
/// Writes the control frames that are about paths: questions and answers, which travel on the path that they are about, and offers and ends of paths, which travel
/// on any.
/// </summary>
internal sealed class PathControlWriter(EndpointState state)
{
    /// <summary>Writes what belongs to the path that the packet goes on.</summary>
    public void WriteOwn(Connection connection, Path path, ref PacketBuilder builder)
    {
        PathControl written = PathControl.None;
        bool mayRemember = builder.ControlsLeft > 0;
        if (mayRemember && (path.Control & PathControl.Ping) != 0)
        {
            ulong id = state.Hash.Compute(connection.LocalTag, connection.PingCount + 1);
            if (new PingFrame { PingId = id }.TryWrite(ref builder.Writer))
            {
                path.PingId = id;
                connection.PingCount++;
                written |= PathControl.Ping;
            }
        }

        if (mayRemember && (path.Control & PathControl.Pong) != 0)
        {
            written |= new PongFrame { PingId = path.PongId }.TryWrite(ref builder.Writer) ? PathControl.Pong : PathControl.None;
        }

        if (written != PathControl.None)
        {
            path.Control &= ~written;
            Remember(written, path.Id, ref builder);
        }

        if ((path.Control & PathControl.Congestion) != 0)
        {
            // Not ack-eliciting and never repeated: the counts also travel in every acknowledgement.
            var frame = new CongestionFrame { EcnCeCount = path.Received.Ce, BytesInFlight = (ulong)path.BytesInFlight };
            path.Control &= frame.TryWrite(ref builder.Writer) ? ~PathControl.Congestion : ~PathControl.None;
        }
    }

    /// <summary>
    /// Writes an offer and the ends of further paths. What does not fit stays pending, and so do further offers: the bytes of a packet allow the peer the first
    /// question to the node of one.
    /// </summary>
    public void WriteAnnouncements(Connection connection, ref PacketBuilder builder)
    {
        bool isOffered = false;
        for (int i = 1; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if ((path.Control & PathControl.Offer) == 0)
            {
                continue;
            }

            if (isOffered || builder.ControlsLeft == 0 || !new PathOfferFrame { PathId = path.Id, Tag = path.LocalTag, Node = path.Local }.TryWrite(ref builder.Writer))
            {
                return;
            }

            path.Control &= ~PathControl.Offer;
            Remember(PathControl.Offer, path.Id, ref builder);
            isOffered = true;
        }

        while (!connection.ClosedPaths.IsEmpty)
        {
            byte id = connection.ClosedPaths.First;
            if (builder.ControlsLeft == 0 || !new PathCloseFrame { PathId = id }.TryWrite(ref builder.Writer))
            {
                return;
            }

            connection.ClosedPaths.Remove(id);
            Remember(PathControl.Close, id, ref builder);
        }

        connection.Control &= ~ConnectionControl.Paths;
    }

    private void Remember(PathControl frames, byte path, ref PacketBuilder builder) => ControlWriter.Remember(
        state,
        new ControlRecord { Stream = Slab<StreamState>.None, Message = Slab<OutboundMessage>.None, PathFrames = frames, Path = path },
        ref builder);
}
