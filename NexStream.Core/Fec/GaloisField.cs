namespace NexStream.Core.Fec;

/// <summary>
/// GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), whose generator is 2: the field of most Reed-Solomon codes, ISA-L's among them.
/// Addition is exclusive or.
/// </summary>
internal static class GaloisField
{
    /// <summary>Elements of the field.</summary>
    public const int Size = 256;

    private const int Polynomial = 0x11d;
    private const int Order = Size - 1;

    private static readonly byte[] s_powers = MakePowers();
    private static readonly byte[] s_logarithms = MakeLogarithms();

    public static byte Multiply(byte a, byte b) => a == 0 || b == 0 ? (byte)0 : s_powers[s_logarithms[a] + s_logarithms[b]];

    /// <summary>What <paramref name="a"/>, not 0, is to be multiplied with to give 1.</summary>
    public static byte Inverse(byte a) => s_powers[Order - s_logarithms[a]];

    /// <summary>a / b; b is not 0.</summary>
    public static byte Divide(byte a, byte b) => Multiply(a, Inverse(b));

    // Twice as long as the field, so that the sum of two logarithms needs no reduction.
    private static byte[] MakePowers()
    {
        byte[] powers = new byte[2 * Order];
        int value = 1;
        for (int i = 0; i < powers.Length; i++)
        {
            powers[i] = (byte)value;
            value <<= 1;
            value ^= value >= Size ? Polynomial : 0;
        }

        return powers;
    }

    private static byte[] MakeLogarithms()
    {
        byte[] logarithms = new byte[Size];
        for (int i = 0; i < Order; i++)
        {
            logarithms[s_powers[i]] = (byte)i;
        }

        return logarithms;
    }
}
