namespace NexStream.Core.Primitives;

/// <summary>A run of packet numbers of one path, both ends included.</summary>
/// <param name="First">The smallest number of the run.</param>
/// <param name="Last">The largest number of the run; never smaller than <paramref name="First"/>.</param>
internal readonly record struct PacketNumberRange(ulong First, ulong Last)
{
    /// <summary>Whether <paramref name="packetNumber"/> is in the run.</summary>
    public bool Contains(ulong packetNumber) => packetNumber >= First && packetNumber <= Last;
}
