namespace NexStream.Core.Congestion;

/// <summary>
/// The window increase function of CUBIC (RFC 9438 §4.2) in integers: windows are bytes, times are nanoseconds.
/// W(t) = C·(t − K)³ + W_max with C = 0.4 packets per cubic second, K = ∛((W_max − cwnd_epoch) / C).
/// </summary>
internal static class CubicCurve
{
    /// <summary>No window grows beyond this: 1 TiB, the bandwidth-delay product of 400 Gbit/s over 20 s. It keeps every product within 128 bits.</summary>
    public const long WindowLimit = 1L << 40;

    // C = 0.4 (RFC 9438 §5.1) as a fraction.
    private const int ScaleNumerator = 4;
    private const int ScaleDenominator = 10;

    // Beyond 2^40 ns (18 minutes) from the plateau the curve stands half a billion packets off: the clamp to 1.5·cwnd has long taken over.
    private const long DistanceLimitNs = 1L << 40;

    // A cubic nanosecond is 1e-27 of a cubic second; the power is split in two so that neither product exceeds 128 bits.
    private static readonly Int128 s_nanoCubedLow = 1_000_000_000_000_000;
    private static readonly Int128 s_nanoCubedHigh = 1_000_000_000_000;

    /// <summary>K: how long the window takes from <paramref name="epochWindow"/> to the plateau at <paramref name="plateau"/>; 0 if it is there already.</summary>
    public static long TimeToPlateauNs(long plateau, long epochWindow, int frameLength)
    {
        if (plateau <= epochWindow)
        {
            return 0;
        }

        UInt128 low = (UInt128)s_nanoCubedLow;
        UInt128 distance = Math.Min((ulong)(plateau - epochWindow), (ulong)WindowLimit);
        UInt128 scaled = distance * ScaleDenominator * (UInt128)s_nanoCubedHigh / ((UInt128)ScaleNumerator * (UInt128)frameLength);
        return (long)CubeRoot.Floor(UInt128.Min(scaled, UInt128.MaxValue / low) * low);
    }

    /// <summary>W(t): the window at <paramref name="elapsedNs"/> after the epoch's start, within 0 and <see cref="WindowLimit"/>.</summary>
    public static long WindowAt(long elapsedNs, long timeToPlateauNs, long plateau, int frameLength)
    {
        Int128 distance = Int128.Clamp((Int128)elapsedNs - timeToPlateauNs, -DistanceLimitNs, DistanceLimitNs);
        Int128 cubed = distance * distance * distance;
        Int128 growth = cubed / s_nanoCubedLow * ScaleNumerator * frameLength / (s_nanoCubedHigh * ScaleDenominator);
        return (long)Int128.Clamp(growth + plateau, 0, WindowLimit);
    }
}
