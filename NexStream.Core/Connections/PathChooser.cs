using NexStream.Core.Multipath;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>
/// Finds the path for what any path may carry: asks the connection's scheduler, which sees the paths that carry data, or of them those that the stream whose turn
/// it is may take.
/// </summary>
internal sealed class PathChooser(EndpointState state)
{
    /// <summary>Streams that are bound to a path without room and are passed over in one call; what stands behind them waits for the next.</summary>
    private const int PassedOverMax = 8;

    private const byte AllSlots = byte.MaxValue;

    /// <summary>The path for the next packet; null: there is nothing to send, or nothing may leave now.</summary>
    public Path? Choose(Connection connection, Instant now)
    {
        bool hasData = !connection.Scheduler.IsEmpty;
        if (!hasData && !connection.HasControl)
        {
            return null;
        }

        Span<PathView> views = stackalloc PathView[PathSet.CountMax];
        views = views[..View(connection, now, views)];
        if (views.IsEmpty)
        {
            // Nobody answers. All paths are probed; what there is to say goes where the connection began.
            return connection.Path;
        }

        Path? chosen = hasData ? ChooseForData(connection, views, now) : null;
        return chosen ?? (connection.HasControl ? WithWindow(connection) : null);
    }

    /// <summary>Every path that could have sent and had nothing to: what it delivers next says nothing of what it could.</summary>
    public static void NoteIdle(Connection connection, Instant now)
    {
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if (path.IsUsable && path.HasWindow && path.Pacer.NextSendTime(now, path.Congestion.PacingRate) <= now)
            {
                path.Rate.OnApplicationLimited(path.BytesInFlight);
            }
        }
    }

    private Path? ChooseForData(Connection connection, ReadOnlySpan<PathView> views, Instant now)
    {
        var demand = new PathDemand(now, QueuedBytes(connection));
        IPathScheduler scheduler = state.Schedulers.Of(connection);
        for (int passed = 0; passed < PassedOverMax; passed++)
        {
            int index = connection.Scheduler.Next(state.Streams, connection.Path.FrameLength);
            ref StreamState stream = ref state.Streams[index];
            byte allowed = stream.Path == PathIds.None ? AllSlots : SlotOf(connection, stream.Path);
            if (allowed == AllSlots)
            {
                return ChooseFreely(connection, scheduler, stream, views, demand);
            }

            if (Pick(connection, scheduler, views, allowed, demand) is { } path)
            {
                return path;
            }

            if (!connection.Scheduler.TryPassOver(state.Streams))
            {
                break;
            }
        }

        return null;
    }

    /// <summary>Repairs take another path than the messages that they repair, as long as another has room: what lost these may lose them too.</summary>
    private Path? ChooseFreely(Connection connection, IPathScheduler scheduler, in StreamState stream, ReadOnlySpan<PathView> views, in PathDemand demand)
    {
        if (stream.Mode == TransportMode.Probabilistic && stream.Send.Content.Head is var first && first >= 0)
        {
            ref OutboundMessage message = ref state.Messages[first];
            byte others = (byte)(byte.MaxValue ^ message.AvoidedPaths);
            if (message.Has(MessageFlags.Repair) && Pick(connection, scheduler, views, others, demand) is { } path)
            {
                return path;
            }
        }

        return Pick(connection, scheduler, views, AllSlots, demand);
    }

    private static Path? Pick(Connection connection, IPathScheduler scheduler, ReadOnlySpan<PathView> views, byte allowed, in PathDemand demand)
    {
        Span<PathView> seen = stackalloc PathView[PathSet.CountMax];
        int count = 0;
        bool canAny = false;
        foreach (ref readonly PathView view in views)
        {
            if ((allowed & (1 << view.Slot)) != 0)
            {
                seen[count++] = view;
                canAny |= view.CanSend;
            }
        }

        if (!canAny)
        {
            return null;
        }

        int index = scheduler.Choose(seen[..count], demand);
        return index >= 0 && index < count && seen[index].CanSend ? connection.Paths.Find(seen[index].Id) : null;
    }

    /// <summary>The slot, as a bit, of the path that a stream is bound to; all, when that path carries no data.</summary>
    private static byte SlotOf(Connection connection, byte id) =>
        connection.Paths.Find(id) is { IsUsable: true } path ? path.SlotBit : AllSlots;

    /// <summary>Control frames are not paced, and need a window only.</summary>
    private static Path? WithWindow(Connection connection)
    {
        Path? best = null;
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if (path.IsUsable && path.HasWindow && (best is null || path.Rtt.SmoothedNs < best.Rtt.SmoothedNs))
            {
                best = path;
            }
        }

        return best;
    }

    private static long QueuedBytes(Connection connection)
    {
        long queued = connection.SendBuffered;
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            queued -= connection.Paths[i].BytesInFlight;
        }

        return Math.Max(queued, 0);
    }

    /// <summary>Looks at the paths that carry data, and remembers when the first pacer lets a packet go.</summary>
    private static int View(Connection connection, Instant now, Span<PathView> views)
    {
        int count = 0;
        for (int i = 0; i < connection.Paths.Count; i++)
        {
            Path path = connection.Paths[i];
            if (!path.IsUsable)
            {
                continue;
            }

            bool hasWindow = path.HasWindow;
            Instant readyAt = path.ProbesAllowed > 0 ? now : path.Pacer.NextSendTime(now, path.Congestion.PacingRate);
            if (hasWindow && readyAt > now)
            {
                connection.PaceAt = Instant.Min(connection.PaceAt, readyAt);
            }

            views[count++] = new PathView
            {
                Id = path.Id,
                Slot = path.Slot,
                Weight = path.Weight,
                CanSend = hasWindow && readyAt <= now,
                SmoothedRttNs = path.Rtt.SmoothedNs,
                RttVarianceNs = path.Rtt.VarianceNs,
                Window = path.Congestion.Window,
                BytesInFlight = path.BytesInFlight,
                PacingRate = path.Congestion.PacingRate,
                DeliveryRate = path.Congestion.Controller.DeliveryRate,
                FrameLength = path.FrameLength,
                PacketsSent = path.PacketsSent,
                PacketsLost = path.PacketsLost,
            };
        }

        return count;
    }
}
