using System.Security.Cryptography;

namespace NexStream.Tool.Transfer;

/// <summary>
/// Cuts the bytes of a Reliable-Ordered stream into header, content and trailer, however they are cut up themselves. It holds at most
/// a header; content passes through without a copy.
/// </summary>
internal sealed class FileParser
{
    private readonly byte[] _pending = new byte[FileHeader.SizeMax];
    private int _pendingLength;
    private long _contentLeft;

    /// <summary>The header, once it was read.</summary>
    public FileHeader? Header { get; private set; }

    /// <summary>The SHA-256 that the sender says the content has, once it was read.</summary>
    public ReadOnlySpan<byte> Trailer => Step == FileParserStep.Trailer ? _pending.AsSpan(0, SHA256.HashSizeInBytes) : [];

    /// <summary>What was read last.</summary>
    public FileParserStep Step { get; private set; } = FileParserStep.NeedMore;

    /// <summary>Reads on.</summary>
    /// <param name="input">What came; what was read is taken off its front.</param>
    /// <param name="content">The content that was read, with <see cref="FileParserStep.Content"/>.</param>
    public FileParserStep Next(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> content)
    {
        content = [];
        if (Step is FileParserStep.Malformed or FileParserStep.Trailer)
        {
            // Nothing may come behind the trailer.
            return Step = input.IsEmpty && Step == FileParserStep.Trailer ? FileParserStep.Trailer : FileParserStep.Malformed;
        }

        if (Header is null)
        {
            return Step = ReadHeader(ref input);
        }

        if (_contentLeft > 0)
        {
            content = input[..(int)Math.Min(_contentLeft, input.Length)];
            input = input[content.Length..];
            _contentLeft -= content.Length;
            return Step = content.IsEmpty ? FileParserStep.NeedMore : FileParserStep.Content;
        }

        return Step = Fill(ref input, SHA256.HashSizeInBytes) ? FileParserStep.Trailer : FileParserStep.NeedMore;
    }

    private FileParserStep ReadHeader(ref ReadOnlySpan<byte> input)
    {
        // The fixed part says how long the rest is, so that nothing of the content is taken with it.
        if (!Fill(ref input, FileHeader.FixedSize))
        {
            return FileHeader.TryRead(_pending.AsSpan(0, _pendingLength), out _, out _) == ReadStatus.Malformed ? FileParserStep.Malformed : FileParserStep.NeedMore;
        }

        int nameLength = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(_pending.AsSpan(6));
        if (nameLength <= FileHeader.NameBytesMax && !Fill(ref input, FileHeader.FixedSize + nameLength))
        {
            return FileParserStep.NeedMore;
        }

        if (FileHeader.TryRead(_pending.AsSpan(0, _pendingLength), out FileHeader? header, out _) != ReadStatus.Ok)
        {
            return FileParserStep.Malformed;
        }

        Header = header;
        _contentLeft = header!.IsFetched ? 0 : header.Length;
        _pendingLength = 0;
        return FileParserStep.Header;
    }

    private bool Fill(ref ReadOnlySpan<byte> input, int length)
    {
        int count = Math.Clamp(length - _pendingLength, 0, input.Length);
        input[..count].CopyTo(_pending.AsSpan(_pendingLength));
        input = input[count..];
        _pendingLength += count;
        return _pendingLength >= length;
    }
}
