namespace NexStream.Core.Wire;

/// <summary>Bounds that hold for values of any frame, whatever the state of the connection.</summary>
internal static class WireLimits
{
    /// <summary>
    /// The largest offset, message number, final size or charge (RFC 9000 §4.5 bounds streams at 2^62 too). It leaves room to add a length
    /// to any position without overflow.
    /// </summary>
    public const ulong PositionMax = 1UL << 62;
}
