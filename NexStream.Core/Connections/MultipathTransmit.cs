using NexStream.Core.Multipath;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>
/// The next packet of a connection with several paths. First what belongs to a path goes on it: questions, answers, probes and acknowledgements, the
/// acknowledgements of a path that carries no data on the best of the others. Then what any path may carry goes on the one that is chosen for it.
/// </summary>
internal sealed class MultipathTransmit(EndpointState state, PacketWriter packets, PathChooser chooser, PredictedTransmit predicted, LossDetector lossDetector)
{
    /// <summary>Streams that turn out to have nothing for the path that was chosen, before it is left for the next call.</summary>
    private const int ChoicesMax = 8;

    /// <summary>Writes the next packet. Returns 1, or 0: none now.</summary>
    public int Write(Connection connection, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        if (!HasRecords(connection))
        {
            connection.PaceAt = now + TransmitPath.MemoryRetryNs;
            return TryWriteInNeed(connection, now, burst[0]) ? 1 : 0;
        }

        Wire.Transmission transmission = burst[0];
        Path? chosen = chooser.Choose(connection, now);
        if (TryWriteOwn(connection, chosen, now, transmission) || TryWriteCopy(connection, now, transmission))
        {
            return 1;
        }

        IPathScheduler scheduler = state.Schedulers.Of(connection);
        for (int i = 0; chosen is not null && i < ChoicesMax; i++)
        {
            if (!scheduler.SendsCopies && predicted.Write(connection, chosen, now, burst[..1]) > 0)
            {
                scheduler.OnSent(chosen.Slot, chosen.Weight);
                return 1;
            }

            if (packets.TryWriteAny(connection, chosen, now, chosen.FrameLengthNow, transmission))
            {
                if (packets.LastHadData)
                {
                    scheduler.OnSent(chosen.Slot, chosen.Weight);
                }

                if (scheduler.SendsCopies)
                {
                    PlanCopies(connection, chosen);
                }

                return 1;
            }

            chosen = connection.Scheduler.IsEmpty ? null : chooser.Choose(connection, now);
        }

        PathChooser.NoteIdle(connection, now);
        return 0;
    }

    /// <summary>Whether any path may write anything, after those that are to probe have made room.</summary>
    private bool HasRecords(Connection connection)
    {
        bool hasAll = true;
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if (path.ProbesAllowed > 0)
            {
                lossDetector.FreeRecords(connection, path);
            }

            hasAll &= state.HasRecordsFor(path);
        }

        return hasAll;
    }

    /// <summary>
    /// While records are short: what needs none, questions to nodes that may be the peer's, which would else be due for ever, and acknowledgements; and on a path
    /// with nothing in flight whatever there is.
    /// </summary>
    private bool TryWriteInNeed(Connection connection, Instant now, Wire.Transmission transmission)
    {
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            bool hasRecords = state.HasRecordsFor(path);
            if (packets.TryAsk(connection, path, now, transmission)
                || (hasRecords && packets.TryWriteOwn(connection, path, now, transmission))
                || (hasRecords && path.IsUsable && packets.TryWriteAny(connection, path, now, path.FrameLengthNow, transmission))
                || packets.TryWriteAckOnly(connection, path, path.IsUsable ? path : PathLiveness.Best(connection), now, transmission))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryWriteOwn(Connection connection, Path? chosen, Instant now, Wire.Transmission transmission)
    {
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if (packets.TryAsk(connection, path, now, transmission) || (path != chosen && packets.TryWriteOwn(connection, path, now, transmission)))
            {
                return true;
            }

            if (!path.IsUsable && path.Received.AckDeadline <= now && packets.TryWriteAckOnly(connection, path, PathLiveness.Best(connection), now, transmission))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reliable data that was just sent is to go on every other path that has room for it now.</summary>
    private void PlanCopies(Connection connection, Path sent)
    {
        if (!packets.Last.HasData)
        {
            return;
        }

        byte slots = 0;
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            bool hasRoom = path.IsUsable && path.BytesInFlight + path.FrameLength <= path.Congestion.Window;
            slots |= path != sent && hasRoom ? path.SlotBit : (byte)0;
        }

        connection.Copy = packets.Last with { Paths = slots };
    }

    private bool TryWriteCopy(Connection connection, Instant now, Wire.Transmission transmission)
    {
        for (int i = 0; connection.Copy.Paths != 0 && i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            byte bit = path.SlotBit;
            if ((connection.Copy.Paths & bit) == 0)
            {
                continue;
            }

            connection.Copy.Paths &= (byte)(byte.MaxValue ^ bit);
            if (path.IsUsable && packets.TryWriteCopy(connection, path, connection.Copy, now, transmission))
            {
                return true;
            }
        }

        connection.Copy = DataCopy.None;
        return false;
    }
}
