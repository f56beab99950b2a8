namespace NexStream.Core.Fec;

/// <summary>
/// The coefficients of the code: a Cauchy matrix, of which every square part is invertible (Blömer et al.: "An XOR-based erasure-resilient coding scheme", 1995), each
/// column divided by its first element, which does not change that. So the first row is all ones, and one parity symbol is plain exclusive or.
/// </summary>
/// <remarks>Rows have x = 255, 254, …, columns y = 0, 1, …: different elements of the field while rows and columns together are at most 256.</remarks>
internal static class CauchyMatrix
{
    private const int FirstX = GaloisField.Size - 1;

    private static readonly byte[] s_rows = MakeRows();

    /// <summary>The first rows of the first columns, as many as a group can have, one behind the other.</summary>
    public static ReadOnlySpan<byte> Rows => s_rows;

    /// <summary>(x0 + y) / (x + y).</summary>
    public static byte At(int row, int column) => GaloisField.Divide((byte)(FirstX ^ column), (byte)((FirstX - row) ^ column));

    /// <summary>
    /// Inverts a square matrix in place (Gauss-Jordan). Every pivot is there: each square part of a Cauchy matrix is invertible, also those that elimination leaves.
    /// </summary>
    /// <param name="matrix">Row by row, <paramref name="size"/> squared bytes.</param>
    /// <param name="size">Rows.</param>
    public static void Invert(Span<byte> matrix, int size)
    {
        for (int pivot = 0; pivot < size; pivot++)
        {
            Span<byte> row = matrix.Slice(pivot * size, size);
            byte scale = GaloisField.Inverse(row[pivot]);
            row[pivot] = 1;
            for (int i = 0; i < size; i++)
            {
                row[i] = GaloisField.Multiply(row[i], scale);
            }

            for (int other = 0; other < size; other++)
            {
                if (other != pivot)
                {
                    Eliminate(matrix.Slice(other * size, size), row, pivot);
                }
            }
        }
    }

    private static byte[] MakeRows()
    {
        byte[] rows = new byte[ReedSolomon.SymbolsMax * ReedSolomon.SymbolsMax];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = At(i / ReedSolomon.SymbolsMax, i % ReedSolomon.SymbolsMax);
        }

        return rows;
    }

    private static void Eliminate(Span<byte> row, ReadOnlySpan<byte> pivotRow, int pivot)
    {
        byte factor = row[pivot];
        row[pivot] = 0;
        for (int i = 0; i < row.Length; i++)
        {
            row[i] ^= GaloisField.Multiply(factor, pivotRow[i]);
        }
    }
}
