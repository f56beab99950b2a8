using NexStream.Core.State;

namespace NexStream.Core.Audit;

/// <summary>Records that an audit came by, walking every list: as many as the slabs say are in use, or some are lost or in two places.</summary>
internal struct AuditCounts
{
    public int Streams;
    public int Segments;

    /// <summary>Packets in flight whose loss would take a segment.</summary>
    public int SegmentsReserved;

    /// <summary>Segments that wait for a packet, and records of packets in flight that are waited for: none waits in vain.</summary>
    public int SegmentsUnderWay;
    public int SegmentsCarried;
    public int AcknowledgedRuns;
    public int Messages;
    public int Inbound;
    public int Packets;

    /// <summary>Packets in flight that share another's record.</summary>
    public int PacketsInRuns;
    public int Controls;
    public int Ranges;
    public int Chunks;
    public int Probabilistic;
    public int Groups;

    /// <summary>Compares with what the slabs say.</summary>
    public readonly void Compare(EndpointState state)
    {
        Compare(Streams, state.Streams.Count, nameof(Streams));
        Compare(Segments, state.Segments.Count, nameof(Segments));
        Compare(SegmentsReserved, state.SegmentsReserved, nameof(SegmentsReserved));
        Compare(SegmentsCarried, SegmentsUnderWay, nameof(SegmentsCarried));
        Compare(AcknowledgedRuns, state.AcknowledgedRuns.Count, nameof(AcknowledgedRuns));
        Compare(Messages + state.Events.ReportCount, state.Messages.Count, nameof(Messages));
        Compare(Inbound, state.Inbound.Count, nameof(Inbound));
        Compare(Packets, state.Packets.Count, nameof(Packets));
        Compare(PacketsInRuns, state.PacketsInRuns, nameof(PacketsInRuns));
        Compare(Controls, state.Controls.Count, nameof(Controls));
        Compare(Ranges, state.Ranges.Count, nameof(Ranges));
        Compare(Chunks, state.Store.Chunks.Count, nameof(Chunks));
        Compare(Probabilistic, state.Probabilistic.Count, nameof(Probabilistic));
        Compare(Groups, state.Groups.Count, nameof(Groups));
        Compare(Streams, state.StreamIndex.Count, nameof(state.StreamIndex));
    }

    private static void Compare(int found, int used, string name)
    {
        if (found != used)
        {
            throw new Primitives.InvariantException($"{name}: the lists lead to {found} records, and {used} are in use.");
        }
    }
}
