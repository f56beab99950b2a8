using NexStream.Core.Stats;
using NexStream.Swarm.Hosts;

namespace NexStream.Swarm.Oracles;

/// <summary>Counters of what has happened so far never go back.</summary>
internal static class StatisticsRules
{
    public static void OnConnection(ConnectionView view)
    {
        ConnectionStatistics now = view.Handle.Statistics;
        ConnectionStatistics before = view.Statistics;
        PathStatistics path = now.Path;
        PathStatistics earlier = before.Path;
        Demand(path.PacketsSent >= earlier.PacketsSent, "packets sent", view.Name);
        Demand(path.PacketsReceived >= earlier.PacketsReceived, "packets received", view.Name);
        Demand(path.PacketsLost >= earlier.PacketsLost, "packets lost", view.Name);
        Demand(path.SpuriousLosses >= earlier.SpuriousLosses && path.SpuriousLosses <= path.PacketsLost, "spurious losses", view.Name);
        Demand(path.DuplicatesReceived >= earlier.DuplicatesReceived, "duplicates", view.Name);
        Demand(path.BytesSent >= earlier.BytesSent && path.BytesReceived >= earlier.BytesReceived, "bytes", view.Name);
        Demand(path.ProbeTimeouts >= earlier.ProbeTimeouts && path.Moves >= earlier.Moves, "probe time-outs and moves", view.Name);
        Demand(path.Delivered >= earlier.Delivered, "delivered bytes", view.Name);
        Demand(now.Retransmissions >= before.Retransmissions && now.StreamsOpened >= before.StreamsOpened, "retransmissions and streams", view.Name);
        Demand(now.DroppedForMemory >= before.DroppedForMemory && now.AcknowledgementsSent >= before.AcknowledgementsSent, "drops and acknowledgements", view.Name);
        view.Statistics = now;
    }

    public static void OnStream(StreamView view)
    {
        StreamStatistics now = view.Handle.Statistics;
        if (now.Mode == 0)
        {
            return;
        }

        StreamStatistics before = view.Statistics;
        string name = view.Sent.Name;
        Demand(now.Sent >= before.Sent && now.Queued >= before.Queued && now.Received >= before.Received, "units", name);
        Demand(now.PacketsLost >= before.PacketsLost && now.Retransmissions >= before.Retransmissions, "losses", name);
        Demand(now.Expired >= before.Expired && now.Dropped >= before.Dropped, "messages given up", name);
        Demand(now.SendBuffered >= 0 && now.ReceiveBuffered >= 0, "buffered bytes", name);
        view.Statistics = now;
    }

    private static void Demand(bool holds, string counter, string name)
    {
        if (!holds)
        {
            throw new SwarmFailureException("counters only rise", $"{counter} of {name}");
        }
    }
}
