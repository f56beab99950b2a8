using System.Runtime.CompilerServices;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>
/// Gives out packet numbers, each once, and skips one now and then where the peer cannot foresee it: who acknowledges it acknowledges
/// what was never sent (optimistic acknowledgement, RFC 9000 §21.4).
/// </summary>
internal static class PacketNumbers
{
    /// <summary>The first is skipped among so many, so that short connections have a trap too.</summary>
    public const ulong FirstSkipMax = 64;

    /// <summary>Later about one in half so many.</summary>
    private const ulong SkipMax = 1024;

    private const ulong SkipDomain = 0x736b6970;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Take(EndpointState state, Path path)
    {
        if (path.NextPacketNumber == path.NextSkip)
        {
            path.SkippedNumber = path.NextPacketNumber++;
            path.NextSkip = NextSkip(state, path.LocalTag, path.NextPacketNumber, SkipMax);
        }

        return path.NextPacketNumber++;
    }

    /// <summary>How many numbers follow before one is skipped.</summary>
    public static ulong UntilSkip(Path path) => path.NextSkip - path.NextPacketNumber;

    public static ulong NextSkip(EndpointState state, ulong tag, ulong from, ulong within) =>
        from + 1 + (state.Hash.Compute(tag ^ SkipDomain, from) % within);
}
