using System.Buffers.Binary;
using System.Text;

namespace NexStream.Tool.Transfer;

/// <summary>
/// What a sender says about a file first. In network byte order: magic "NXSF" (4 bytes), version (1), flags (1), length of the name in
/// bytes (2), length of the content in bytes (8), the name in UTF-8.
/// </summary>
internal sealed record FileHeader(string Name, long Length, bool IsFetched = false)
{
    public const int FixedSize = 16;

    /// <summary>Twice what Linux allows in a name, for senders of other systems; it bounds what a receiver buffers.</summary>
    public const int NameBytesMax = 512;

    public const int SizeMax = FixedSize + NameBytesMax;

    private const byte Version = 1;

    /// <summary>The flag of <see cref="IsFetched"/>: the content does not follow, but is asked for in blocks, which come over another stream and may be lost.</summary>
    private const byte FetchedFlag = 1;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static ReadOnlySpan<byte> Magic => "NXSF"u8;

    /// <summary>Writes the header. Returns its length.</summary>
    /// <exception cref="ArgumentException">The name is too long.</exception>
    public int Write(Span<byte> destination)
    {
        int nameLength = s_strict.GetByteCount(Name);
        if (nameLength is 0 or > NameBytesMax)
        {
            throw new ArgumentException($"A file's name has 1 to {NameBytesMax} bytes; \"{Name}\" has {nameLength}.");
        }

        Magic.CopyTo(destination);
        destination[4] = Version;
        destination[5] = IsFetched ? FetchedFlag : (byte)0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)nameLength);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], Length);
        s_strict.GetBytes(Name, destination[FixedSize..]);
        return FixedSize + nameLength;
    }

    /// <summary>Reads a header from the front of <paramref name="source"/>; nothing that a peer wrote makes it throw.</summary>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out FileHeader? header, out int consumed)
    {
        header = null;
        consumed = 0;
        if (!Magic.StartsWith(source[..Math.Min(source.Length, Magic.Length)]) || (source.Length > 4 && source[4] != Version))
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < FixedSize)
        {
            return ReadStatus.Incomplete;
        }

        int nameLength = BinaryPrimitives.ReadUInt16BigEndian(source[6..]);
        long length = BinaryPrimitives.ReadInt64BigEndian(source[8..]);
        if (nameLength is 0 or > NameBytesMax || length < 0 || source[5] > FetchedFlag)
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < FixedSize + nameLength)
        {
            return ReadStatus.Incomplete;
        }

        try
        {
            header = new FileHeader(s_strict.GetString(source.Slice(FixedSize, nameLength)), length, source[5] == FetchedFlag);
        }
        catch (DecoderFallbackException)
        {
            return ReadStatus.Malformed;
        }

        consumed = FixedSize + nameLength;
        return ReadStatus.Ok;
    }
}
