using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NexStream.Core.Fec;

/// <summary>Which instructions combine symbols.</summary>
internal enum SymbolInstructions : byte
{
    /// <summary>None that a processor may lack.</summary>
    Portable,

    /// <summary>SSSE3 or NEON.</summary>
    Shuffle128,
    Gfni128,
    Avx2,
    Avx512,
    Gfni256,
    Gfni512,
}

/// <summary>
/// Linear combinations of symbols over GF(2^8), which is all that encoding and decoding do: output r is the sum of coefficient (r, j) times input j.
/// </summary>
/// <remarks>
/// Four inputs go into up to four outputs at a time, with their factors in registers: an input is read once for four outputs, and an output once for four
/// inputs. Where there are fewer inputs the factor 0 stands in, which costs no memory.
/// </remarks>
internal static class SymbolCombiner
{
    /// <summary>Inputs that are combined at a time.</summary>
    public const int InputsAtOnce = 4;

    /// <summary>Outputs at a time, at most.</summary>
    public const int OutputsAtOnce = 4;

    /// <summary>The best that this machine has.</summary>
    public static SymbolInstructions Best { get; } = FindBest();

    public static bool IsSupported(SymbolInstructions instructions) => instructions switch
    {
        SymbolInstructions.Gfni512 => Gfni512Kernel.IsSupported && Gfni128Kernel.IsSupported,
        SymbolInstructions.Gfni256 => Gfni256Kernel.IsSupported && Gfni128Kernel.IsSupported,
        SymbolInstructions.Avx512 => Avx512Kernel.IsSupported && Shuffle128Kernel.IsSupported,
        SymbolInstructions.Avx2 => Avx2Kernel.IsSupported && Shuffle128Kernel.IsSupported,
        SymbolInstructions.Gfni128 => Gfni128Kernel.IsSupported,
        SymbolInstructions.Shuffle128 => Shuffle128Kernel.IsSupported,
        _ => true,
    };

    /// <summary>Combines with the best instructions there are.</summary>
    /// <param name="coefficients">Row by row, a row for each output.</param>
    /// <param name="stride">From one row to the next.</param>
    /// <param name="inputs">Symbols of up to <paramref name="length"/> bytes; shorter ones end in zeros.</param>
    /// <param name="outputs">Symbols of at least <paramref name="length"/> bytes; what they hold is overwritten.</param>
    /// <param name="length">Bytes.</param>
    public static void Combine<TInputs, TOutputs>(ReadOnlySpan<byte> coefficients, int stride, in TInputs inputs, in TOutputs outputs, int length)
        where TInputs : ISymbols, allows ref struct
        where TOutputs : ISymbolBuffers, allows ref struct => Combine(Best, coefficients, stride, inputs, outputs, length);

    /// <summary>The same with chosen instructions, which the machine has.</summary>
    public static void Combine<TInputs, TOutputs>(
        SymbolInstructions instructions, ReadOnlySpan<byte> coefficients, int stride, in TInputs inputs, in TOutputs outputs, int length)
        where TInputs : ISymbols, allows ref struct
        where TOutputs : ISymbolBuffers, allows ref struct
    {
        for (int row = 0; row < outputs.Count;)
        {
            // Three are taken as two and one.
            int rows = (outputs.Count - row) switch { >= OutputsAtOnce => OutputsAtOnce, >= 2 => 2, _ => 1 };
            var to = OutputLanes.From(outputs, row, rows, length);
            for (int column = 0; column < inputs.Count; column += InputsAtOnce)
            {
                var from = InputLanes.From(inputs, column, length);
                CombineBlock(instructions, coefficients[((row * stride) + column)..], stride, from, to, length);
            }

            if (inputs.Count == 0)
            {
                to.Clear(0, length);
            }

            row += rows;
        }
    }

    private static SymbolInstructions FindBest()
    {
        SymbolInstructions best = SymbolInstructions.Gfni512;
        while (!IsSupported(best))
        {
            best--;
        }

        return best;
    }

    /// <summary>Up to four inputs into up to four outputs. Where inputs end before the others, so do their parts.</summary>
    private static void CombineBlock(
        SymbolInstructions instructions, ReadOnlySpan<byte> coefficients, int stride, in InputLanes from, in OutputLanes to, int length)
    {
        Span<byte> factors = stackalloc byte[InputsAtOnce * OutputsAtOnce];
        for (int start = 0; start < length;)
        {
            uint lanes = from.LanesBehind(start);
            if (lanes == 0)
            {
                if (from.IsFirst)
                {
                    to.Clear(start, length);
                }

                return;
            }

            for (int output = 0; output < to.Count; output++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(factors[(output * InputsAtOnce)..], FourOf(coefficients[(output * stride)..]) & lanes);
            }

            int end = from.EndBehind(start, length);
            ref byte other = ref from.AnyBehind(start);
            var block = new Block
            {
                A = ref from.A(start, ref other),
                B = ref from.B(start, ref other),
                C = ref from.C(start, ref other),
                D = ref from.D(start, ref other),
                W = ref MemoryMarshal.GetReference(to[0][start..]),
                X = ref MemoryMarshal.GetReference(to[1][start..]),
                Y = ref MemoryMarshal.GetReference(to[2][start..]),
                Z = ref MemoryMarshal.GetReference(to[3][start..]),
                Factors = factors,
                IsFirst = from.IsFirst,
            };
            Run(instructions, block, to.Count, end - start);
            start = end;
        }
    }

    /// <summary>Four coefficients, a byte each. Of lanes that there are not they are whatever stands there, or 0 behind the last of all: the caller leaves them out.</summary>
    private static uint FourOf(ReadOnlySpan<byte> coefficients)
    {
        if (coefficients.Length >= sizeof(uint))
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(coefficients);
        }

        uint four = 0;
        for (int i = 0; i < coefficients.Length; i++)
        {
            four |= (uint)coefficients[i] << (8 * i);
        }

        return four;
    }

    private static void Run(SymbolInstructions instructions, Block block, int outputs, int length)
    {
        int done = instructions switch
        {
            SymbolInstructions.Gfni512 => Run<Gfni512Kernel, Vector512<byte>, Vector512<byte>>(block, outputs, 0, length),
            SymbolInstructions.Gfni256 => Run<Gfni256Kernel, Vector256<byte>, Vector256<byte>>(block, outputs, 0, length),
            SymbolInstructions.Avx512 => Run<Avx512Kernel, Vector512<byte>, NibbleFactor<Vector512<byte>>>(block, outputs, 0, length),
            SymbolInstructions.Avx2 => Run<Avx2Kernel, Vector256<byte>, NibbleFactor<Vector256<byte>>>(block, outputs, 0, length),
            SymbolInstructions.Portable => Run<PortableKernel, byte, byte>(block, outputs, 0, length),
            _ => 0,
        };
        bool hasGfni = instructions is SymbolInstructions.Gfni512 or SymbolInstructions.Gfni256 or SymbolInstructions.Gfni128;
        done = hasGfni
            ? Run<Gfni128Kernel, Vector128<byte>, Vector128<byte>>(block, outputs, done, length)
            : done < length ? Run<Shuffle128Kernel, Vector128<byte>, NibbleFactor<Vector128<byte>>>(block, outputs, done, length) : done;
        if (done < length)
        {
            RunTail(block, outputs, done, length - done, hasGfni);
        }
    }

    /// <summary>Whole vectors from <paramref name="start"/> on. Returns where it stopped.</summary>
    private static int Run<TKernel, TVector, TFactor>(in Block block, int outputs, int start, int length)
        where TKernel : ISymbolKernel<TVector, TFactor>
        where TVector : struct
        where TFactor : struct
    {
        int end = length - ((length - start) % TKernel.Size);
        switch (outputs)
        {
            case 1:
                IntoOne<TKernel, TVector, TFactor>(block, start, end);
                break;
            case 2:
                IntoTwo<TKernel, TVector, TFactor>(block, start, end);
                break;
            default:
                IntoFour<TKernel, TVector, TFactor>(block, start, end);
                break;
        }

        return end;
    }

    /// <summary>The last bytes, fewer than the shortest vector has, by way of the stack.</summary>
    private static void RunTail(Block block, int outputs, int start, int count, bool hasGfni)
    {
        int size = Vector128<byte>.Count;
        Span<byte> lanes = stackalloc byte[(InputsAtOnce + OutputsAtOnce) * size];
        lanes.Clear();
        var tail = new Block
        {
            A = ref TakeIn(ref block.A, start, count, lanes[..size]),
            B = ref TakeIn(ref block.B, start, count, lanes.Slice(size, size)),
            C = ref TakeIn(ref block.C, start, count, lanes.Slice(2 * size, size)),
            D = ref TakeIn(ref block.D, start, count, lanes.Slice(3 * size, size)),
            W = ref TakeIn(ref block.W, start, count, lanes.Slice(4 * size, size)),
            X = ref TakeIn(ref block.X, start, count, lanes.Slice(5 * size, size)),
            Y = ref TakeIn(ref block.Y, start, count, lanes.Slice(6 * size, size)),
            Z = ref TakeIn(ref block.Z, start, count, lanes.Slice(7 * size, size)),
            Factors = block.Factors,
            IsFirst = block.IsFirst,
        };
        _ = hasGfni
            ? Run<Gfni128Kernel, Vector128<byte>, Vector128<byte>>(tail, outputs, 0, size)
            : Run<Shuffle128Kernel, Vector128<byte>, NibbleFactor<Vector128<byte>>>(tail, outputs, 0, size);
        for (int i = 0; i < outputs; i++)
        {
            ref byte output = ref block.OutputAt(i);
            lanes.Slice((InputsAtOnce + i) * size, count).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref output, start), count));
        }
    }

    private static ref byte TakeIn(ref byte lane, int start, int count, Span<byte> to)
    {
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref lane, start), count).CopyTo(to);
        return ref MemoryMarshal.GetReference(to);
    }

    private static void IntoFour<TKernel, TVector, TFactor>(in Block block, int start, int end)
        where TKernel : ISymbolKernel<TVector, TFactor>
        where TVector : struct
        where TFactor : struct
    {
        TFactor aw = TKernel.FactorOf(block.Factors[0]), bw = TKernel.FactorOf(block.Factors[1]), cw = TKernel.FactorOf(block.Factors[2]), dw = TKernel.FactorOf(block.Factors[3]);
        TFactor ax = TKernel.FactorOf(block.Factors[4]), bx = TKernel.FactorOf(block.Factors[5]), cx = TKernel.FactorOf(block.Factors[6]), dx = TKernel.FactorOf(block.Factors[7]);
        TFactor ay = TKernel.FactorOf(block.Factors[8]), by = TKernel.FactorOf(block.Factors[9]), cy = TKernel.FactorOf(block.Factors[10]), dy = TKernel.FactorOf(block.Factors[11]);
        TFactor az = TKernel.FactorOf(block.Factors[12]), bz = TKernel.FactorOf(block.Factors[13]), cz = TKernel.FactorOf(block.Factors[14]), dz = TKernel.FactorOf(block.Factors[15]);
        ref byte a = ref block.A, b = ref block.B, c = ref block.C, d = ref block.D;
        ref byte w = ref block.W, x = ref block.X, y = ref block.Y, z = ref block.Z;
        bool isFirst = block.IsFirst;
        for (int i = start; i < end; i += TKernel.Size)
        {
            TVector va = TKernel.Load(ref Unsafe.Add(ref a, i));
            TVector vb = TKernel.Load(ref Unsafe.Add(ref b, i));
            TVector vc = TKernel.Load(ref Unsafe.Add(ref c, i));
            TVector vd = TKernel.Load(ref Unsafe.Add(ref d, i));
            Put<TKernel, TVector, TFactor>(Sum<TKernel, TVector, TFactor>(va, aw, vb, bw, vc, cw, vd, dw), ref Unsafe.Add(ref w, i), isFirst);
            Put<TKernel, TVector, TFactor>(Sum<TKernel, TVector, TFactor>(va, ax, vb, bx, vc, cx, vd, dx), ref Unsafe.Add(ref x, i), isFirst);
            Put<TKernel, TVector, TFactor>(Sum<TKernel, TVector, TFactor>(va, ay, vb, by, vc, cy, vd, dy), ref Unsafe.Add(ref y, i), isFirst);
            Put<TKernel, TVector, TFactor>(Sum<TKernel, TVector, TFactor>(va, az, vb, bz, vc, cz, vd, dz), ref Unsafe.Add(ref z, i), isFirst);
        }
    }

    private static void IntoTwo<TKernel, TVector, TFactor>(in Block block, int start, int end)
        where TKernel : ISymbolKernel<TVector, TFactor>
        where TVector : struct
        where TFactor : struct
    {
        TFactor aw = TKernel.FactorOf(block.Factors[0]), bw = TKernel.FactorOf(block.Factors[1]), cw = TKernel.FactorOf(block.Factors[2]), dw = TKernel.FactorOf(block.Factors[3]);
        TFactor ax = TKernel.FactorOf(block.Factors[4]), bx = TKernel.FactorOf(block.Factors[5]), cx = TKernel.FactorOf(block.Factors[6]), dx = TKernel.FactorOf(block.Factors[7]);
        ref byte a = ref block.A, b = ref block.B, c = ref block.C, d = ref block.D;
        ref byte w = ref block.W, x = ref block.X;
        bool isFirst = block.IsFirst;
        for (int i = start; i < end; i += TKernel.Size)
        {
            TVector va = TKernel.Load(ref Unsafe.Add(ref a, i));
            TVector vb = TKernel.Load(ref Unsafe.Add(ref b, i));
            TVector vc = TKernel.Load(ref Unsafe.Add(ref c, i));
            TVector vd = TKernel.Load(ref Unsafe.Add(ref d, i));
            Put<TKernel, TVector, TFactor>(Sum<TKernel, TVector, TFactor>(va, aw, vb, bw, vc, cw, vd, dw), ref Unsafe.Add(ref w, i), isFirst);
            Put<TKernel, TVector, TFactor>(Sum<TKernel, TVector, TFactor>(va, ax, vb, bx, vc, cx, vd, dx), ref Unsafe.Add(ref x, i), isFirst);
        }
    }

    private static void IntoOne<TKernel, TVector, TFactor>(in Block block, int start, int end)
        where TKernel : ISymbolKernel<TVector, TFactor>
        where TVector : struct
        where TFactor : struct
    {
        TFactor aw = TKernel.FactorOf(block.Factors[0]), bw = TKernel.FactorOf(block.Factors[1]), cw = TKernel.FactorOf(block.Factors[2]), dw = TKernel.FactorOf(block.Factors[3]);
        ref byte a = ref block.A, b = ref block.B, c = ref block.C, d = ref block.D;
        ref byte w = ref block.W;
        bool isFirst = block.IsFirst;
        for (int i = start; i < end; i += TKernel.Size)
        {
            TVector va = TKernel.Load(ref Unsafe.Add(ref a, i));
            TVector vb = TKernel.Load(ref Unsafe.Add(ref b, i));
            TVector vc = TKernel.Load(ref Unsafe.Add(ref c, i));
            TVector vd = TKernel.Load(ref Unsafe.Add(ref d, i));
            Put<TKernel, TVector, TFactor>(Sum<TKernel, TVector, TFactor>(va, aw, vb, bw, vc, cw, vd, dw), ref Unsafe.Add(ref w, i), isFirst);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sum<TKernel, TVector, TFactor>(TVector a, TFactor fa, TVector b, TFactor fb, TVector c, TFactor fc, TVector d, TFactor fd)
        where TKernel : ISymbolKernel<TVector, TFactor>
        where TVector : struct
        where TFactor : struct => TKernel.Add(
            TKernel.Add(TKernel.Multiply(a, fa), TKernel.Multiply(b, fb)), TKernel.Add(TKernel.Multiply(c, fc), TKernel.Multiply(d, fd)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TKernel, TVector, TFactor>(TVector sum, ref byte output, bool isFirst)
        where TKernel : ISymbolKernel<TVector, TFactor>
        where TVector : struct
        where TFactor : struct => TKernel.Store(isFirst ? sum : TKernel.Add(sum, TKernel.Load(ref output)), ref output);

    /// <summary>Where four inputs and four outputs begin. A lane that there is not is another one, with factor 0 or not written.</summary>
    private ref struct Block
    {
        public ref byte A;
        public ref byte B;
        public ref byte C;
        public ref byte D;
        public ref byte W;
        public ref byte X;
        public ref byte Y;
        public ref byte Z;
        public ReadOnlySpan<byte> Factors;

        /// <summary>Whether the outputs hold nothing yet.</summary>
        public bool IsFirst;

        [UnscopedRef]
        public readonly ref byte OutputAt(int lane)
        {
            switch (lane)
            {
                case 0:
                    return ref W;
                case 1:
                    return ref X;
                case 2:
                    return ref Y;
                default:
                    return ref Z;
            }
        }
    }
}
