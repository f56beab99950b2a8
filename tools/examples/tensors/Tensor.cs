using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace NexStream.Examples.Tensors;

/// <summary>A tensor of a file.</summary>
/// <param name="Name">Its name, as the file says it: any text.</param>
/// <param name="DType">The type of its elements, such as BF16.</param>
/// <param name="Shape">Elements in each dimension, the slowest first; none for a scalar.</param>
/// <param name="Offset">Its first byte, from the start of the file.</param>
/// <param name="Length">Its bytes; 0 where a dimension is.</param>
internal sealed record Tensor(string Name, string DType, long[] Shape, long Offset, long Length)
{
    private const int PieceSize = 128 * 1024;

    /// <summary>For people: what could steer a terminal is escaped.</summary>
    public override string ToString() => $"{JsonEncodedText.Encode(Name)} {DType} [{string.Join(", ", Shape)}]";

    /// <summary>The SHA-256 of its bytes in a file; of those that are there where the file is shorter.</summary>
    public byte[] Hash(SafeFileHandle file)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] piece = new byte[PieceSize];
        int count;
        for (long at = 0; at < Length; at += count)
        {
            count = RandomAccess.Read(file, piece.AsSpan(0, (int)Math.Min(piece.Length, Length - at)), Offset + at);
            if (count == 0)
            {
                break;
            }

            hash.AppendData(piece, 0, count);
        }

        return hash.GetHashAndReset();
    }
}
