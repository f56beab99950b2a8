namespace NexStream.Core.Wire.Frames;

/// <summary>How many packets of one path arrived with each ECN code point (RFC 9000 §19.3.2).</summary>
internal struct EcnCounts
{
    /// <summary>Packets with ECT(0).</summary>
    public ulong Ect0;

    /// <summary>Packets with ECT(1).</summary>
    public ulong Ect1;

    /// <summary>Packets that a queue marked.</summary>
    public ulong Ce;
}
