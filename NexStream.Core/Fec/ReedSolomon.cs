using System.Buffers.Binary;
using System.Numerics;

namespace NexStream.Core.Fec;

/// <summary>
/// Systematic Reed-Solomon code over groups of up to 64 source and 64 parity symbols: as many lost sources come back as parity symbols are there, whichever
/// they are. Symbols are read and written where they lie; nothing is allocated.
/// </summary>
internal static class ReedSolomon
{
    /// <summary>Sources, and parities, at most: what is there of each fits one word.</summary>
    public const int SymbolsMax = 64;

    /// <summary>Writes the parity symbols of rows 0, 1, …</summary>
    /// <param name="sources">Up to <see cref="SymbolsMax"/> symbols, none longer than <paramref name="length"/>.</param>
    /// <param name="parities">Up to <see cref="SymbolsMax"/> symbols of <paramref name="length"/> bytes.</param>
    /// <param name="length">Bytes.</param>
    public static void Encode<TSources, TParities>(in TSources sources, in TParities parities, int length)
        where TSources : ISymbols, allows ref struct
        where TParities : ISymbolBuffers, allows ref struct
    {
        SymbolCombiner.Combine(CauchyMatrix.Rows, SymbolsMax, sources, parities, length);
    }

    /// <summary>The parity of one row over four bytes of each source, which travel apart from the rest.</summary>
    public static uint EncodeWord(int row, ReadOnlySpan<uint> words)
    {
        ReadOnlySpan<byte> factors = CauchyMatrix.Rows.Slice(row * SymbolsMax, words.Length);
        uint sum = 0;
        for (int i = 0; i < words.Length;)
        {
            // Messages of one length are common: equal words in a row are multiplied once, with the sum of their factors.
            uint word = words[i];
            byte factor = 0;
            for (; i < words.Length && words[i] == word; i++)
            {
                factor ^= factors[i];
            }

            sum ^= Multiply(factor, word);
        }

        return sum;
    }

    /// <summary>Brings back the sources that are missing, from those that are there and as many parities.</summary>
    /// <param name="count">Sources in all.</param>
    /// <param name="present">Which of them are there, a bit each; at least one is not.</param>
    /// <param name="presentParities">Which parities are there, by row: at least as many as sources are missing. The first are taken.</param>
    /// <param name="sources">The sources, by their place; those missing are not read.</param>
    /// <param name="parities">The parities, by row.</param>
    /// <param name="outputs">Where those missing go, in the order of their places.</param>
    /// <param name="length">Bytes of a symbol.</param>
    /// <param name="words">Four bytes of each source, by its place; those of the missing are written.</param>
    /// <param name="parityWords">The same of each parity, by row.</param>
    public static void Recover<TSources, TOutputs>(
        int count, ulong present, ulong presentParities, in TSources sources, in TSources parities, in TOutputs outputs, int length,
        Span<uint> words, ReadOnlySpan<uint> parityWords)
        where TSources : ISymbols, allows ref struct
        where TOutputs : ISymbolBuffers, allows ref struct
    {
        Span<byte> missing = stackalloc byte[SymbolsMax];
        Span<byte> rows = stackalloc byte[SymbolsMax];
        Span<byte> inputs = stackalloc byte[SymbolsMax];
        missing = missing[..List(~present & (ulong.MaxValue >> (SymbolsMax - count)), missing, SymbolsMax)];
        rows = rows[..List(presentParities, rows, missing.Length)];
        inputs = inputs[..List(present, inputs, SymbolsMax)];

        // What the chosen parities say of the missing sources alone is an invertible system; its solution, multiplied out, is a combination of all
        // that is there: the same work as encoding.
        Span<byte> inverse = stackalloc byte[SymbolsMax * SymbolsMax];
        for (int i = 0; i < rows.Length * missing.Length; i++)
        {
            inverse[i] = CauchyMatrix.At(rows[i / missing.Length], missing[i % missing.Length]);
        }

        CauchyMatrix.Invert(inverse, missing.Length);
        int width = inputs.Length + rows.Length;
        Span<byte> coefficients = stackalloc byte[SymbolsMax * 2 * SymbolsMax];
        for (int output = 0; output < missing.Length; output++)
        {
            ReadOnlySpan<byte> solution = inverse.Slice(output * rows.Length, rows.Length);
            Span<byte> line = coefficients.Slice(output * width, width);
            uint word = 0;
            for (int i = 0; i < inputs.Length; i++)
            {
                line[i] = Dot(solution, rows, inputs[i]);
                word ^= Multiply(line[i], words[inputs[i]]);
            }

            solution.CopyTo(line[inputs.Length..]);
            for (int i = 0; i < rows.Length; i++)
            {
                word ^= Multiply(solution[i], parityWords[rows[i]]);
            }

            words[missing[output]] = word;
        }

        SymbolCombiner.Combine(coefficients, width, new Chosen<TSources>(sources, parities, inputs, rows), outputs, length);
    }

    private static byte Dot(ReadOnlySpan<byte> solution, ReadOnlySpan<byte> rows, int column)
    {
        byte sum = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            sum ^= GaloisField.Multiply(solution[i], CauchyMatrix.At(rows[i], column));
        }

        return sum;
    }

    private static uint Multiply(byte factor, uint word)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, word);
        foreach (ref byte value in bytes)
        {
            value = GaloisField.Multiply(factor, value);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>The numbers of the bits that are set, the first so many.</summary>
    private static int List(ulong bits, Span<byte> numbers, int most)
    {
        int count = 0;
        for (; bits != 0 && count < most; bits &= bits - 1)
        {
            numbers[count++] = (byte)BitOperations.TrailingZeroCount(bits);
        }

        return count;
    }

    /// <summary>The sources that are there, and behind them the parities that were chosen.</summary>
    private readonly ref struct Chosen<TSources>(TSources sources, TSources parities, ReadOnlySpan<byte> inputs, ReadOnlySpan<byte> rows) : ISymbols
        where TSources : ISymbols, allows ref struct
    {
        private readonly TSources _sources = sources;
        private readonly TSources _parities = parities;
        private readonly ReadOnlySpan<byte> _inputs = inputs;
        private readonly ReadOnlySpan<byte> _rows = rows;

        public int Count => _inputs.Length + _rows.Length;

        public ReadOnlySpan<byte> this[int index] =>
            index < _inputs.Length ? _sources[_inputs[index]] : _parities[_rows[index - _inputs.Length]];
    }
}
