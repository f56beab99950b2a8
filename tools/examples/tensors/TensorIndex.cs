using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace NexStream.Examples.Tensors;

/// <summary>What a client has to know of a file: its header and the SHA-256 of each tensor, and behind them the SHA-256 of all that.</summary>
internal sealed class TensorIndex
{
    private TensorIndex(SafetensorsHeader header, byte[] hashes)
    {
        Header = header;
        Bytes = [.. header.Bytes, .. hashes, .. SHA256.HashData([.. header.Bytes, .. hashes])];
    }

    public SafetensorsHeader Header { get; }

    /// <summary>As it is sent.</summary>
    public byte[] Bytes { get; }

    /// <summary>Another for every other file.</summary>
    public string Key => Convert.ToHexString(Bytes.AsSpan(Bytes.Length - SHA256.HashSizeInBytes));

    /// <summary>Reads a file, all of it.</summary>
    public static TensorIndex Of(SafeFileHandle file, string path)
    {
        SafetensorsHeader header = SafetensorsHeader.Read(file, path);
        return new TensorIndex(header, [.. header.Tensors.SelectMany(tensor => tensor.Hash(file))]);
    }

    /// <summary>Reads what a server sends.</summary>
    /// <exception cref="InvalidDataException">It is not as it should be.</exception>
    /// <exception cref="EndOfStreamException">There is too little.</exception>
    public static async Task<TensorIndex> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        const string Source = "The server's file";
        byte[] bytes = new byte[SafetensorsHeader.LengthSize];
        await stream.ReadExactlyAsync(bytes, cancellation);
        Array.Resize(ref bytes, bytes.Length + SafetensorsHeader.JsonSize(bytes, Source));
        await stream.ReadExactlyAsync(bytes.AsMemory(SafetensorsHeader.LengthSize), cancellation);
        SafetensorsHeader header = SafetensorsHeader.Parse(bytes, Source);
        byte[] hashes = new byte[(header.Tensors.Count + 1) * SHA256.HashSizeInBytes];
        await stream.ReadExactlyAsync(hashes, cancellation);
        TensorIndex index = new(header, hashes[..^SHA256.HashSizeInBytes]);
        return index.Bytes.AsSpan().EndsWith(hashes.AsSpan(hashes.Length - SHA256.HashSizeInBytes)) ? index : throw new InvalidDataException("The server's index was changed on its way: ask again.");
    }

    /// <summary>Whether a tensor has arrived as the server has it.</summary>
    public bool IsRight(int number, SafeFileHandle file) =>
        Header.Tensors[number].Hash(file).AsSpan().SequenceEqual(Bytes.AsSpan(Header.Bytes.Length + (number * SHA256.HashSizeInBytes), SHA256.HashSizeInBytes));
}
