using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace NexStream.Core.Fec;

/// <summary>How one kind of processor multiplies many elements of GF(2^8) by one.</summary>
/// <typeparam name="TVector">So many elements.</typeparam>
/// <typeparam name="TFactor">What they are multiplied by, as the multiplication wants it.</typeparam>
internal interface ISymbolKernel<TVector, TFactor>
    where TVector : struct
    where TFactor : struct
{
    /// <summary>Whether this machine can.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Elements of a vector.</summary>
    static abstract int Size { get; }

    static abstract TVector Load(ref byte source);

    static abstract void Store(TVector value, ref byte destination);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Multiply(TVector value, TFactor factor);

    static abstract TFactor FactorOf(byte coefficient);
}

/// <summary>
/// Factors as tables: multiplication is linear over the bits of an element, so that it is a matrix of 8 by 8 bits, and the sum of what it makes of the lower and
/// of the upper four bits, each looked up among 16 (Plank, Greenan, Miller: "Screaming fast Galois field arithmetic", FAST 2013).
/// </summary>
internal static class FactorTables
{
    private const int Bits = 8;

    /// <summary>For each factor what it makes of 0 … 15, and of 0x00, 0x10 … 0xF0.</summary>
    private const int NibbleEntries = 16;

    private static readonly ulong[] s_matrices = MakeMatrices();
    private static readonly byte[] s_nibbles = MakeNibbles();

    /// <summary>The matrix as GF2P8AFFINEQB wants it: row i, which makes bit i, in byte 7 - i.</summary>
    public static ulong MatrixOf(byte factor) => s_matrices[factor];

    public static ref byte LowOf(byte factor) => ref s_nibbles[factor * 2 * NibbleEntries];

    public static ref byte HighOf(byte factor) => ref s_nibbles[(factor * 2 * NibbleEntries) + NibbleEntries];

    private static ulong[] MakeMatrices()
    {
        ulong[] matrices = new ulong[GaloisField.Size];
        for (int factor = 0; factor < matrices.Length; factor++)
        {
            for (int column = 0; column < Bits; column++)
            {
                byte product = GaloisField.Multiply((byte)factor, (byte)(1 << column));
                for (int row = 0; row < Bits; row++)
                {
                    matrices[factor] |= (((ulong)product >> row) & 1) << (((Bits - 1 - row) * Bits) + column);
                }
            }
        }

        return matrices;
    }

    private static byte[] MakeNibbles()
    {
        byte[] nibbles = new byte[GaloisField.Size * 2 * NibbleEntries];
        for (int i = 0; i < nibbles.Length; i++)
        {
            int nibble = i % NibbleEntries;
            bool isHigh = i / NibbleEntries % 2 == 1;
            nibbles[i] = GaloisField.Multiply((byte)(i / (2 * NibbleEntries)), (byte)(isHigh ? nibble << 4 : nibble));
        }

        return nibbles;
    }
}

/// <summary>Tables of a factor in two vectors.</summary>
internal readonly record struct NibbleFactor<TVector>(TVector Low, TVector High)
    where TVector : struct;

/// <summary>64 elements by one instruction (GFNI and AVX-512).</summary>
internal readonly struct Gfni512Kernel : ISymbolKernel<Vector512<byte>, Vector512<byte>>
{
    public static bool IsSupported => Gfni.V512.IsSupported;

    public static int Size => Vector512<byte>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(ref byte source) => Vector512.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<byte> value, ref byte destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Add(Vector512<byte> a, Vector512<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Multiply(Vector512<byte> value, Vector512<byte> factor) => Gfni.V512.GaloisFieldAffineTransform(value, factor, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> FactorOf(byte coefficient) => Vector512.Create(FactorTables.MatrixOf(coefficient)).AsByte();
}

/// <summary>64 elements by two look-ups (AVX-512BW).</summary>
internal readonly struct Avx512Kernel : ISymbolKernel<Vector512<byte>, NibbleFactor<Vector512<byte>>>
{
    public static bool IsSupported => Avx512BW.IsSupported;

    public static int Size => Vector512<byte>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(ref byte source) => Vector512.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<byte> value, ref byte destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Add(Vector512<byte> a, Vector512<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Multiply(Vector512<byte> value, NibbleFactor<Vector512<byte>> factor)
    {
        Vector512<byte> mask = Vector512.Create((byte)0x0F);
        return Avx512BW.Shuffle(factor.Low, value & mask) ^ Avx512BW.Shuffle(factor.High, (value.AsUInt16() >>> 4).AsByte() & mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibbleFactor<Vector512<byte>> FactorOf(byte coefficient) => new(Repeat(ref FactorTables.LowOf(coefficient)), Repeat(ref FactorTables.HighOf(coefficient)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Repeat(ref byte table)
    {
        Vector128<byte> one = Vector128.LoadUnsafe(ref table);
        Vector256<byte> two = Vector256.Create(one, one);
        return Vector512.Create(two, two);
    }
}

/// <summary>32 elements by two look-ups (AVX2).</summary>
internal readonly struct Avx2Kernel : ISymbolKernel<Vector256<byte>, NibbleFactor<Vector256<byte>>>
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int Size => Vector256<byte>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(ref byte source) => Vector256.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> value, ref byte destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b) => Avx2.Xor(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> value, NibbleFactor<Vector256<byte>> factor)
    {
        Vector256<byte> mask = Vector256.Create((byte)0x0F);
        Vector256<byte> high = Avx2.And(Avx2.ShiftRightLogical(value.AsUInt16(), 4).AsByte(), mask);
        return Avx2.Xor(Avx2.Shuffle(factor.Low, Avx2.And(value, mask)), Avx2.Shuffle(factor.High, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibbleFactor<Vector256<byte>> FactorOf(byte coefficient)
    {
        Vector128<byte> low = Vector128.LoadUnsafe(ref FactorTables.LowOf(coefficient));
        Vector128<byte> high = Vector128.LoadUnsafe(ref FactorTables.HighOf(coefficient));
        return new(Vector256.Create(low, low), Vector256.Create(high, high));
    }
}

/// <summary>32 elements by one instruction (GFNI and AVX).</summary>
internal readonly struct Gfni256Kernel : ISymbolKernel<Vector256<byte>, Vector256<byte>>
{
    public static bool IsSupported => Gfni.V256.IsSupported;

    public static int Size => Vector256<byte>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(ref byte source) => Vector256.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> value, ref byte destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> value, Vector256<byte> factor) => Gfni.V256.GaloisFieldAffineTransform(value, factor, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FactorOf(byte coefficient) => Vector256.Create(FactorTables.MatrixOf(coefficient)).AsByte();
}

/// <summary>16 elements by one instruction (GFNI).</summary>
internal readonly struct Gfni128Kernel : ISymbolKernel<Vector128<byte>, Vector128<byte>>
{
    public static bool IsSupported => Gfni.IsSupported;

    public static int Size => Vector128<byte>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(ref byte source) => Vector128.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<byte> value, ref byte destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> value, Vector128<byte> factor) => Gfni.GaloisFieldAffineTransform(value, factor, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FactorOf(byte coefficient) => Vector128.Create(FactorTables.MatrixOf(coefficient)).AsByte();
}

/// <summary>16 elements by two look-ups (SSSE3, NEON).</summary>
internal readonly struct Shuffle128Kernel : ISymbolKernel<Vector128<byte>, NibbleFactor<Vector128<byte>>>
{
    public static bool IsSupported => Ssse3.IsSupported || AdvSimd.Arm64.IsSupported;

    public static int Size => Vector128<byte>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(ref byte source) => Vector128.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<byte> value, ref byte destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> value, NibbleFactor<Vector128<byte>> factor)
    {
        Vector128<byte> low = value & Vector128.Create((byte)0x0F);
        Vector128<byte> high = value >>> 4;
        return Ssse3.IsSupported
            ? Ssse3.Shuffle(factor.Low, low) ^ Ssse3.Shuffle(factor.High, high)
            : AdvSimd.Arm64.VectorTableLookup(factor.Low, low) ^ AdvSimd.Arm64.VectorTableLookup(factor.High, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibbleFactor<Vector128<byte>> FactorOf(byte coefficient) =>
        new(Vector128.LoadUnsafe(ref FactorTables.LowOf(coefficient)), Vector128.LoadUnsafe(ref FactorTables.HighOf(coefficient)));
}

/// <summary>One element, with nothing that a processor may lack: what the others are held against.</summary>
internal readonly struct PortableKernel : ISymbolKernel<byte, byte>
{
    public static bool IsSupported => true;

    public static int Size => 1;

    public static byte Load(ref byte source) => source;

    public static void Store(byte value, ref byte destination) => destination = value;

    public static byte Add(byte a, byte b) => (byte)(a ^ b);

    public static byte Multiply(byte value, byte factor) => GaloisField.Multiply(value, factor);

    public static byte FactorOf(byte coefficient) => coefficient;
}
