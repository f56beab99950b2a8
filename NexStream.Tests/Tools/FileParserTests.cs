using System.Security.Cryptography;
using CsCheck;
using NexStream.Tool.Transfer;

namespace NexStream.Tests.Tools;

public sealed class FileParserTests
{
    [Test]
    public void Next_AnyCuts_GivesHeaderContentAndTrailer() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[1, 40]).Sample((content, cut) =>
        {
            byte[] stream = StreamOf(content);
            FileParser parser = new();
            List<byte> read = [];
            for (int at = 0; at < stream.Length; at += cut)
            {
                ReadOnlySpan<byte> input = stream.AsSpan(at, Math.Min(cut, stream.Length - at));
                while (!input.IsEmpty)
                {
                    parser.Next(ref input, out ReadOnlySpan<byte> run);
                    read.AddRange(run);
                }
            }

            return parser.Header == new FileHeader("a.bin", content.Length) && read.SequenceEqual(content)
                && parser.Step == FileParserStep.Trailer && parser.Trailer.SequenceEqual(SHA256.HashData(content));
        });

    [Test]
    public void Next_BytesBehindTheTrailer_IsMalformed()
    {
        ReadOnlySpan<byte> input = [.. StreamOf([1, 2, 3]), 0];
        FileParser parser = new();
        while (!input.IsEmpty && parser.Step != FileParserStep.Malformed)
        {
            parser.Next(ref input, out _);
        }

        Assert.That(parser.Step, Is.EqualTo(FileParserStep.Malformed));
    }

    [Test]
    public void Next_AnyBytes_NeverThrows() => Gen.Byte.Array[0, 600].Sample(bytes =>
    {
        FileParser parser = new();
        ReadOnlySpan<byte> input = bytes;
        while (!input.IsEmpty && parser.Next(ref input, out _) is not (FileParserStep.Malformed or FileParserStep.Trailer))
        {
            // Each step takes something off the input, or ends.
        }
    });

    [Test]
    public void TryRead_Answer_RoundTripsWithoutControlCharacters()
    {
        byte[] bytes = new byte[TransferAnswer.SizeMax];
        int length = new TransferAnswer(TransferStatus.DiskFull, "no room\u001b[2J").Write(bytes);
        Assert.That(TransferAnswer.TryRead(bytes.AsSpan(0, length - 1), out _, out _), Is.EqualTo(ReadStatus.Incomplete));
        Assert.That(TransferAnswer.TryRead(bytes, out TransferAnswer? answer, out int consumed), Is.EqualTo(ReadStatus.Ok));
        Assert.That(answer, Is.EqualTo(new TransferAnswer(TransferStatus.DiskFull, "no room?[2J")));
        Assert.That(consumed, Is.EqualTo(length));
    }

    private static byte[] StreamOf(byte[] content)
    {
        byte[] header = new byte[FileHeader.SizeMax];
        int length = new FileHeader("a.bin", content.Length).Write(header);
        return [.. header.AsSpan(0, length), .. content, .. SHA256.HashData(content)];
    }
}
