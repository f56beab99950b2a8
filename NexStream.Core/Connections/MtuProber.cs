using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>Sends the probes of path MTU discovery, and tells the path, its controller and its pacer what came of them (RFC 8899).</summary>
internal sealed class MtuProber(EndpointState state)
{
    /// <summary>The length of the probe that may be sent now; 0: none. A path that has trouble already, or is new, is not probed (RFC 8899 §5.1.1).</summary>
    public static int Due(Connection connection, Path path, Instant now)
    {
        if (!path.Mtu.IsSearching || !connection.IsOpen || !path.IsValidated || !path.HasAcknowledgement || path.ProbeTimeoutCount > 0)
        {
            return 0;
        }

        int length = path.Mtu.ProbeDue(now);
        bool isAllowed = path.BytesInFlight + length <= path.Congestion.Window
            && path.Pacer.NextSendTime(now, path.Congestion.PacingRate) <= now;
        return isAllowed ? length : 0;
    }

    /// <summary>Fills a packet with padding. False: the arena has no frame for it.</summary>
    public bool TryWrite(Path path, int length, ref PacketBuilder builder)
    {
        if (!state.Frames.TryAllocate(FrameTable.Nobody, out uint frame))
        {
            return false;
        }

        PaddingFrame.TryWrite(ref builder.Writer);
        int padding = length - LinkHeader.Size - PacketHeader.Size - builder.Writer.Length;
        int frameSize = state.Frames.FrameSize;

        // The same zeros as often as needed. The link gives back a reference for each slice.
        state.Frames.Bytes(new PayloadSlice(frame, 0, frameSize)).Clear();
        int slices = 0;
        for (int left = padding; left > 0; left -= frameSize)
        {
            if (slices > 0)
            {
                state.Frames.AddReference(frame);
            }

            builder.Transmission.SliceStorage[slices++] = new PayloadSlice(frame, 0, Math.Min(left, frameSize));
        }

        builder.Transmission.SliceCount = slices;
        builder.PayloadLength = padding;
        builder.IsAckEliciting = true;
        builder.IsMtuProbe = true;
        path.Mtu.OnProbeSent();
        return true;
    }

    public static void OnAcknowledged(Path path, in SentPacket packet, Instant now)
    {
        if ((packet.Flags & SentPacketFlags.MtuProbe) == 0)
        {
            path.Mtu.OnAcknowledged(packet.Size, packet.SentAt);
            return;
        }

        path.Mtu.OnProbeAcknowledged(packet.Size, now);
        path.AdoptFrameLength();
    }

    public static void OnProbeLost(Path path, int size, Instant now) => path.Mtu.OnProbeLost(size, now);

    /// <summary>Packets that were no probes were lost, the shortest of them so long, the newest sent then.</summary>
    public static void OnLost(Path path, int shortest, Instant newestSentAt, Instant now)
    {
        if (path.Mtu.OnLost(shortest, newestSentAt, now))
        {
            path.AdoptFrameLength();
        }
    }

    /// <summary>A probe time-out passed. The oldest packet in flight is so long.</summary>
    public static void OnProbeTimeout(Path path, int oldest, Instant now)
    {
        if (path.Mtu.OnProbeTimeout(path.ProbeTimeoutCount, oldest, now))
        {
            path.AdoptFrameLength();
        }
    }
}
