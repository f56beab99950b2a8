namespace NexStream.Core.Primitives;

/// <summary>
/// Expands the 32 bits of a sequence or packet number that travel on the wire to the 64 bits that it has: the candidate closest to
/// what is expected next (RFC 9000 appendix A.3; serial-number arithmetic of RFC 1982).
/// </summary>
public static class SequenceNumber
{
    private const ulong Window = 1UL << 32;
    private const ulong HalfWindow = Window / 2;

    /// <summary>The 64-bit number whose low 32 bits are <paramref name="truncated"/> and that lies closest to <paramref name="expected"/>.</summary>
    public static ulong Expand(uint truncated, ulong expected)
    {
        ulong candidate = (expected & ~(Window - 1)) | truncated;
        if (candidate < expected)
        {
            return expected - candidate >= HalfWindow && candidate <= ulong.MaxValue - Window ? candidate + Window : candidate;
        }

        return candidate - expected > HalfWindow && candidate >= Window ? candidate - Window : candidate;
    }
}
