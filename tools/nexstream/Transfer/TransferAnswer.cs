using System.Buffers.Binary;
using System.Text;

namespace NexStream.Tool.Transfer;

/// <summary>
/// What a receiver says about a file, twice: whether it takes it, and whether it has it. Status (1 byte), length of the text in bytes
/// (2, network byte order), the text in UTF-8, for people.
/// </summary>
internal sealed record TransferAnswer(TransferStatus Status, string Text)
{
    public const int FixedSize = 3;

    /// <summary>A line or two; it bounds what a sender buffers.</summary>
    public const int TextBytesMax = 1024;

    public const int SizeMax = FixedSize + TextBytesMax;

    /// <summary>Writes the answer, its text cut to what fits. Returns its length.</summary>
    public int Write(Span<byte> destination)
    {
        Encoding.UTF8.GetEncoder().Convert(Text, destination.Slice(FixedSize, TextBytesMax), flush: true, out _, out int length, out _);
        destination[0] = (byte)Status;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], (ushort)length);
        return FixedSize + length;
    }

    /// <summary>Reads an answer from the front of <paramref name="source"/>; nothing that a peer wrote makes it throw.</summary>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out TransferAnswer? answer, out int consumed)
    {
        answer = null;
        consumed = 0;
        if (source.Length < FixedSize)
        {
            return ReadStatus.Incomplete;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(source[1..]);
        if (length > TextBytesMax)
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < FixedSize + length)
        {
            return ReadStatus.Incomplete;
        }

        consumed = FixedSize + length;
        answer = new TransferAnswer((TransferStatus)source[0], PrintableText(source.Slice(FixedSize, length)));
        return ReadStatus.Ok;
    }

    /// <summary>A peer's text goes to a terminal: what could command it is taken out.</summary>
    private static string PrintableText(ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8);
        return string.Create(text.Length, text, static (destination, from) =>
        {
            for (int i = 0; i < from.Length; i++)
            {
                destination[i] = char.IsControl(from[i]) ? '?' : from[i];
            }
        });
    }
}
