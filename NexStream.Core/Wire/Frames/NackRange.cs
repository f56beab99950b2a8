namespace NexStream.Core.Wire.Frames;

/// <summary>A run of missing bytes (RO) or messages (RU), by the low 32 bits of their numbers: serial numbers in the sense of RFC 1982.</summary>
/// <param name="Start">The first that is missing.</param>
/// <param name="End">The first behind it that is not; the distance from <paramref name="Start"/> is 1 to 2^31 - 1, and may wrap around 0.</param>
internal readonly record struct NackRange(uint Start, uint End)
{
    /// <summary>How many are missing.</summary>
    public uint Count => unchecked(End - Start);
}
