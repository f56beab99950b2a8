using NexStream.Core;

namespace NexStream.Tests.Support;

/// <summary>What an endpoint holds at an instant: equal before and after means that nothing was left behind.</summary>
internal sealed record Holdings(
    int Streams,
    int Segments,
    int Messages,
    int Inbound,
    int Packets,
    int Controls,
    int Ranges,
    int AcknowledgedRuns,
    int SegmentsReserved,
    int Chunks,
    int Probabilistic,
    int Groups,
    int StreamIndex,
    int PartialIndex,
    int PeerIndex,
    int Connections,
    int HalfOpen,
    int FreeFrames)
{
    public static Holdings Of(Endpoint endpoint) => new(
        endpoint.State.Streams.Count,
        endpoint.State.Segments.Count,
        endpoint.State.Messages.Count,
        endpoint.State.Inbound.Count,
        endpoint.State.Packets.Count,
        endpoint.State.Controls.Count,
        endpoint.State.Ranges.Count,
        endpoint.State.AcknowledgedRuns.Count,
        endpoint.State.SegmentsReserved,
        endpoint.State.Store.Chunks.Count,
        endpoint.State.Probabilistic.Count,
        endpoint.State.Groups.Count,
        endpoint.State.StreamIndex.Count,
        endpoint.State.PartialIndex.Count,
        endpoint.State.PeerIndex.Count,
        endpoint.State.ConnectionCount,
        endpoint.State.HalfOpenCount,
        endpoint.Arena.FreeCount);
}
