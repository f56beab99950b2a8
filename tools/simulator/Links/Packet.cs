using NexStream.Core.Wire;

namespace NexStream.Simulator.Links;

/// <summary>A NexLink frame on its way. Taken from a pool and given back when it arrived or was dropped.</summary>
internal sealed class Packet
{
    public LinkHeader Header;
    public byte[] Bytes = [];
    public int Length;

    /// <summary>The flow that it belongs to.</summary>
    public int Flow;

    /// <summary>When it was put into the queue, and when it arrives at the other end: nanoseconds of virtual time.</summary>
    public long EnteredAt;
    public long ArrivesAt;

    /// <summary>Bytes on the link.</summary>
    public int WireLength => Length + LinkHeader.Size;
}
