namespace NexStream.Core.Congestion;

/// <summary>
/// The integer cube root, one binary digit at a time: exact, and the same on every platform, which Math.Cbrt is not.
/// It runs once per congestion event.
/// </summary>
internal static class CubeRoot
{
    // The root of a 128-bit number has 43 binary digits; the highest of them weighs 2^(3·42) in the cube.
    private const int HighestShift = 126;

    /// <summary>The largest number whose cube is not greater than <paramref name="value"/>.</summary>
    public static ulong Floor(UInt128 value)
    {
        ulong root = 0;
        for (int shift = HighestShift; shift >= 0; shift -= 3)
        {
            // Setting the next digit turns the root r into 2r + 1, and its cube grows by 3·2r·(2r + 1) + 1. What is left of the value
            // is shifted down rather than the step up, because the step can exceed 128 bits.
            root *= 2;
            UInt128 step = ((UInt128)3 * root * (root + 1)) + 1;
            if (value >> shift >= step)
            {
                value -= step << shift;
                root++;
            }
        }

        return root;
    }
}
